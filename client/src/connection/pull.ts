import {
  type Clock,
  errorBody,
  errorFromWire,
  type OlderPage,
  olderPage,
  parseAnswer,
  type Range,
  range,
  type SpaceId,
  type Standing,
  type SyncError,
  UnavailableError,
  type Version,
  within,
} from '@tidemark/shared'
import type { RequestBudget } from './request-budget.ts'
import type { Tap } from './tap.ts'
import type { Transport } from './transport.ts'

/** How long a page may take, in ms. */
export const PULL_WITHIN_MS = 60_000

/** How long it may take to begin, in ms: longer than the server reads for it, short enough to be live within 30 s of a path that healed. */
export const PAGE_BEGINS_MS = 20_000

/** What requests are made with. */
export interface HttpPorts {
  readonly transport: Transport
  readonly clock: Clock
  readonly budget: RequestBudget
  readonly tap?: Tap | undefined
}

export interface PullRequest {
  readonly space: SpaceId
  readonly standing: Standing
  readonly client: string
  readonly token: string
  /** Changes, at most; as many as the server likes where none is given. */
  readonly limit?: number
}

/** The next page of what a copy lacks (protocol §4). Throws as `get` does. */
export function pull(ports: HttpPorts, { space, standing, client, token, limit }: PullRequest): Promise<Range> {
  const { version, seal } = standing
  const query = `since=${version}&seal=${encodeURIComponent(seal)}&client=${client}${limit ? `&limit=${limit}` : ''}`
  return get(ports, `${encodeURIComponent(space)}/changes?${query}`, token, (text) => {
    const page = parseAnswer(range, text)
    if (page.space !== space || page.head < page.to) throw new Error('something else')
    return page
  })
}

export interface OlderRequest {
  readonly space: SpaceId
  readonly collection: string
  /** The page is of documents created at or before it. */
  readonly before: Version
  /** Documents, at most. */
  readonly limit: number
}

/** A page of older documents [W1]. Throws as `get` does. */
export function pullOlder(ports: HttpPorts, { space, collection, before, limit }: OlderRequest, token: string): Promise<OlderPage> {
  const path = `${encodeURIComponent(space)}/collections/${collection}/older?before=${before}&limit=${limit}`
  return get(ports, path, token, (text) => {
    const page = parseAnswer(olderPage, text)
    // Without progress it would be asked for again and again.
    if (page.floor >= before || page.docs.some(({ c }) => c !== collection)) throw new Error('something else')
    return page
  })
}

/**
 * What `read` makes of the answer for `path`, below `/v1/spaces/`, to `body` where there is one. Throws SyncErrors only: the server's own, RateLimitedError where it
 * was asked for too often, or UnavailableError for whatever is not of this protocol [B7], such as what `read` throws at.
 */
export async function get<T>(
  { transport, clock, budget, tap }: HttpPorts,
  path: string,
  token: string,
  read: (text: string) => T,
  body?: string,
  timeoutMs: number = PULL_WITHIN_MS,
): Promise<T> {
  const refusal = budget(path + (body ?? ''))
  if (refusal) throw refusal
  let said: SyncError
  try {
    const beginsMs = Math.min(PAGE_BEGINS_MS, timeoutMs)
    const request = transport.request({ path: `/v1/spaces/${path}`, token, body, timeoutMs, beginsMs })
    const { status, contentType, text } = await within(clock, timeoutMs, request, () => new Error('no answer in time'))
    tap?.heard?.(path, text)
    if (contentType !== 'application/json') throw new Error(`${status} ${contentType}`)
    if (status === 200) return read(text)
    said = errorFromWire(parseAnswer(errorBody, text).error)
  } catch (cause) {
    throw new UnavailableError('the server cannot be reached', { cause })
  }
  throw said
}
