import {
  type Clock,
  errorBody,
  errorFromWire,
  parseAnswer,
  type Range,
  range,
  type SpaceId,
  type Standing,
  type SyncError,
  UnavailableError,
  within,
} from '@tidemark/shared'
import type { Transport } from './transport.ts'

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
  const query = `since=${version}&seal=${encodeURIComponent(seal)}&client=${client}`
  const path = `/v1/spaces/${encodeURIComponent(space)}/changes?${query}`
  const timeoutMs = PULL_WITHIN_MS
  let said: SyncError
  try {
    const request = transport.request({ path, token, timeoutMs })
    const { status, contentType, text } = await within(clock, timeoutMs, request, () => new Error('no answer in time'))
    if (contentType !== 'application/json') throw new Error(`${status} ${contentType}`)
    if (status === 200) {
      const page = parseAnswer(range, text)
      if (page.space !== space || page.to < page.from || page.head < page.to) throw new Error('a range of something else')
      return page
    }
    said = errorFromWire(parseAnswer(errorBody, text).error)
  } catch (cause) {
    throw new UnavailableError('the server cannot be reached', { cause })
  }
  throw said
}
