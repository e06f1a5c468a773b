import { BadRequestError, isCollectionName, isSpaceId, toVersion } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Compression } from './compression.ts'
import { bearerToken } from './json-answer.ts'
import { pageBounds, wholeNumber } from './page-query.ts'

/** GET /v1/spaces/{space}/collections/{c}/older: documents that a window left out, from the floor `before` downward. Source: protocol §4, [W1]. */
export async function olderRoute(c: Context, backend: Backend, compression: Compression): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const space = c.req.param('space') ?? ''
  const collection = c.req.param('collection') ?? ''
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  if (!isCollectionName(collection)) throw new BadRequestError('collection: not a collection name')
  const before = toVersion(wholeNumber('before', c.req.query('before')))
  return compression.json(c, await backend.older(principal, space, collection, before, pageBounds(c.req.query('limit'))), '')
}
