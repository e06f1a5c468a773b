import { BadRequestError, conform, isClientId, isSpaceId, type Seal, type SpaceId, seal, toVersion } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Ask, Backend, RangeBounds, Window } from '../backend/backend.ts'
import type { Compression } from './compression.ts'
import { bearerToken } from './json-answer.ts'
import { pageBounds, wholeNumber } from './page-query.ts'

interface Pull {
  readonly space: SpaceId
  readonly ask: Ask
  readonly bounds: RangeBounds
  readonly client: string | undefined
  readonly window: Window
}

/** GET /v1/spaces/{space}/changes: the range that stands on `since` and `seal`. Source: protocol §4. */
export async function pullRoute(c: Context, backend: Backend, compression: Compression): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const { space, ask, bounds, client, window } = readPull(c.req.param('space') ?? '', (name) => c.req.query(name))
  const { range, acked } = await backend.pull(principal, space, ask, bounds, client, window)
  const own = acked === undefined ? '}' : `,"acked":${JSON.stringify(acked)}}`
  return compression.json(c, range.text.slice(0, -1), own)
}

/** Throws BadRequestError, which names the parameter. */
export function readPull(space: string, query: (name: string) => string | undefined): Pull {
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  const version = wholeNumber('since', query('since'))
  const stated = query('seal') ?? ''
  if (version > 0 && stated === '') throw new BadRequestError('seal: required when since is not 0')
  const window = query('window') ?? 'default'
  if (window !== 'default' && window !== 'all') throw new BadRequestError('window: default or all')
  const client = query('client')
  if (client !== undefined && !isClientId(client)) throw new BadRequestError('client: not a client id')
  return {
    space,
    ask: { version: toVersion(version), seal: readSeal(stated) },
    bounds: pageBounds(query('limit')),
    client,
    window,
  }
}

function readSeal(text: string): Seal {
  try {
    return conform(seal, text)
  } catch (cause) {
    throw new BadRequestError('seal: at most 96 printable characters', { cause })
  }
}
