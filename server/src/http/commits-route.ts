import {
  commitsBody,
  conform,
  ForbiddenError,
  FROM_CLIENT,
  idempotencyKey,
  LIMITS,
  parseBody,
  RateLimitedError,
  UnavailableError,
} from '@tidemark/shared'
import type { Context } from 'hono'
import type { CheckApiKey } from '../api-keys/api-keys.ts'
import { runApiCommits, withKey } from '../backend/api-commits.ts'
import { API_FULL_AFTER_MS, API_KEY_REQUESTS_MAX, API_REQUESTS_MAX } from '../backend/bounds.ts'
import type { Commits } from '../backend/commits.ts'
import type { Log } from '../observe/log.ts'
import { boundedBody } from './bounded-body.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

export interface CommitsRouteWorld {
  readonly commits: Commits
  readonly checkApiKey: CheckApiKey
  readonly log: Log
}

/** No page is let in, whatever origins are allowed: an API key has no place in one. Throws ForbiddenError. */
export function assertNoPage(c: Context): void {
  if (c.req.header('origin') !== undefined) throw new ForbiddenError('This is for servers: a page must not hold an API key.')
}

/** POST /v1/commits: the answer of protocol §6. Another status than 200 says that none was done. */
export function commitsRoute({ commits, checkApiKey, log }: CommitsRouteWorld): (c: Context) => Promise<Response> {
  const inHand = new Map<string, number>()
  let all = 0

  return async (c) => {
    const by = await checkApiKey(bearerToken(c.req.header('authorization'), 'API key'))
    const ofKey = inHand.get(by.id) ?? 0
    // Before the body is read: what waits is bounded in memory too.
    if (ofKey >= API_KEY_REQUESTS_MAX)
      throw new RateLimitedError(`${API_KEY_REQUESTS_MAX} requests of this key are in hand.`, { afterMs: API_FULL_AFTER_MS })
    if (all >= API_REQUESTS_MAX) throw new UnavailableError('Too many requests are in hand.', { afterMs: API_FULL_AFTER_MS })
    inHand.set(by.id, ofKey + 1)
    all += 1
    try {
      const stated = readKey(c.req.header('idempotency-key'))
      const body = parseBody(commitsBody, await boundedBody(c.req.raw, LIMITS.bytes), FROM_CLIENT)
      const text = await runApiCommits(commits, by, stated === undefined ? body : withKey(body, stated))
      log.info({ apiKey: by.id, name: by.name, tenant: by.tenant, commits: body.commits.length }, 'commits by API key')
      return jsonAnswer(text)
    } finally {
      all -= 1
      const left = (inHand.get(by.id) ?? 1) - 1
      if (left === 0) inHand.delete(by.id)
      else inHand.set(by.id, left)
    }
  }
}

/** The key of the header, in quotes as its draft has it (draft-ietf-httpapi-idempotency-key-header) or without, as most send it. */
function readKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  return conform(idempotencyKey, header.replace(/^"(.*)"$/, '$1'), 'Idempotency-Key')
}
