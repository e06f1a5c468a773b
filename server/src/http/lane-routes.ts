import { hash } from 'node:crypto'
import { BadRequestError, isCollectionName, isSpaceId, NotFoundError, type SpaceId } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend, Principal } from '../backend/backend.ts'
import { LastUsed } from '../last-used.ts'
import { type Compression, vary } from './compression.ts'
import { isKnown } from './if-none-match.ts'
import { bearerToken } from './json-answer.ts'
import { wholeNumber } from './page-query.ts'

/** A year, as long as a cache may be told. In seconds. */
const IMMUTABLE_S = 31_536_000
const ETAG_CHARACTERS = 22
/** Texts whose ETag is known, and their characters. */
const NAMES_MAX = 64
const NAMED_CHARACTERS_MAX = 8 * 1_048_576

export interface LaneRoutes {
  /** GET /v1/spaces/{space}/lanes/{lane}: how it runs, and its ring after `since`; it is old after one tick. Source: protocol [L5]. */
  ring(c: Context): Promise<Response>
  /** GET /v1/spaces/{space}/lanes/{lane}/archive/{from}: a minute of its archive, which never changes once it is whole. Source: protocol [L5]. */
  page(c: Context): Promise<Response>
}

export function createLaneRoutes(backend: Backend, compression: Compression): LaneRoutes {
  // A crowd asks for few texts, whoever else asks for others: each is named once.
  const names = new LastUsed<{ etag: string; characters: number }>(NAMES_MAX, NAMED_CHARACTERS_MAX, ({ characters }) => characters)

  function etagOf(text: string): string {
    const known = names.get(text)
    if (known !== undefined) return known.etag
    const etag = `W/"${hash('sha256', text, 'base64url').slice(0, ETAG_CHARACTERS)}"`
    names.keep(text, { etag, characters: text.length })
    return etag
  }

  /** What was given to nobody in particular may be given to anyone; what was given for a token, to its bearer alone. */
  function cached(c: Context, text: string, age: string): Response {
    const etag = etagOf(text)
    const answer = isKnown(c.req.header('if-none-match'), etag) ? new Response(null, { status: 304 }) : compression.json(c, text, '')
    answer.headers.set('ETag', etag)
    answer.headers.set('Cache-Control', `${c.req.header('authorization') === undefined ? 'public' : 'private'}, ${age}`)
    vary(answer.headers, 'Authorization')
    vary(answer.headers, 'Accept-Encoding')
    return answer
  }

  return {
    async ring(c) {
      const { space, lane } = placeIn(c)
      const since = c.req.query('since')
      const after = since === undefined ? 0 : wholeNumber('since', since)
      const { text, tickMs } = await backend.lane(await readerOf(c, backend), space, lane, after)
      return cached(c, text, ageOf(tickMs))
    },
    async page(c) {
      const { space, lane } = placeIn(c)
      const from = wholeNumber('from', c.req.param('from'))
      const page = await backend.lanePage(await readerOf(c, backend), space, lane, from)
      if (page === undefined) throw new NotFoundError(`There is no page ${from}: a whole minute, not past the horizon, not yet to come.`)
      return cached(c, page.text, page.whole ? immutableFor(page.leftMs) : ageOf(page.tickMs))
    },
  }
}

function placeIn(c: Context): { space: SpaceId; lane: string } {
  const space = c.req.param('space') ?? ''
  const lane = c.req.param('lane') ?? ''
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  if (!isCollectionName(lane)) throw new BadRequestError('lane: not a lane name')
  return { space, lane }
}

/** undefined: nobody in particular, to whom the backend gives what is public. */
async function readerOf(c: Context, backend: Backend): Promise<Principal | undefined> {
  const authorization = c.req.header('authorization')
  return authorization === undefined ? undefined : backend.authenticate(bearerToken(authorization))
}

/** What is past its horizon is in no cache either. */
function immutableFor(leftMs: number): string {
  return `max-age=${Math.min(IMMUTABLE_S, Math.floor(leftMs / 1000))}, immutable`
}

/** Caches count whole seconds. */
function ageOf(tickMs: number): string {
  return `max-age=${Math.max(1, Math.floor(tickMs / 1000))}`
}
