import {
  type Clock,
  errorBody,
  errorFromWire,
  parseAnswer,
  type Range,
  range,
  type SpaceId,
  type Standing,
  SyncError,
  UnavailableError,
} from '@tidemark/shared'
import { within } from '../deadline.ts'
import type { HttpAnswer, Transport } from './transport.ts'

/** How long a page may take, in ms. */
export const PULL_WITHIN_MS = 60_000

export interface PullRequest {
  readonly space: SpaceId
  readonly standing: Standing
  readonly client: string
  readonly token: string
}

/** The next page of what a copy lacks (protocol §4). Throws SyncErrors only: the server's own, or UnavailableError for whatever is not of this protocol [B7]. */
export async function pull(transport: Transport, clock: Clock, { space, standing, client, token }: PullRequest): Promise<Range> {
  const { version, seal } = standing
  const query = `since=${version}${version > 0 ? `&seal=${encodeURIComponent(seal)}` : ''}&client=${client}`
  const path = `/v1/spaces/${encodeURIComponent(space)}/changes?${query}`
  let page: Range | SyncError
  try {
    const request = transport.request({ method: 'GET', path, token, timeoutMs: PULL_WITHIN_MS })
    page = read(await within(clock, PULL_WITHIN_MS, 'a pull', request))
  } catch (cause) {
    throw new UnavailableError('the server cannot be reached', { cause })
  }
  if (page instanceof SyncError) throw page
  if (page.space !== space || page.to < page.from || page.head < page.to)
    throw new UnavailableError('the answer to a pull is about something else')
  return page
}

/** The page, or what the server says against it. Throws for whatever is not of this protocol. */
function read({ status, contentType, text }: HttpAnswer): Range | SyncError {
  if (contentType !== 'application/json') throw new UnavailableError(`${status} with content type "${contentType}" is not of this protocol`)
  if (status === 200) return parseAnswer(range, text)
  return errorFromWire(parseAnswer(errorBody, text).error)
}
