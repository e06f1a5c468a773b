import { hash } from 'node:crypto'
import type { CryptoKey } from 'jose'
import type { Principal } from './backend.ts'
import { VERIFIED_TOKENS_MAX } from './bounds.ts'

interface Verified {
  readonly key: CryptoKey
  readonly principal: Principal
  readonly atMs: number
}

/**
 * Who the tokens stand for that were verified last: a device shows one token many times, and a signature costs more than all
 * else about a request. Kept by digest, so that nothing here can be shown as a token.
 */
export class VerifiedTokens {
  readonly #kept = new Map<string, Verified>()

  /** Undefined where the token has to be verified: it is not known, has ended, or its key is none of those that count now. `nowMs`: ms since the epoch. */
  find(token: string, keys: readonly CryptoKey[], nowMs: number): Principal | undefined {
    const found = this.#kept.get(digestOf(token))
    if (found === undefined || !keys.includes(found.key)) return undefined
    const { principal, atMs } = found
    // Before that moment it may not have begun.
    return nowMs >= atMs && nowMs < (principal.expiresAtMs ?? Number.POSITIVE_INFINITY) ? principal : undefined
  }

  keep(token: string, key: CryptoKey, principal: Principal, nowMs: number): void {
    const digest = digestOf(token)
    this.#kept.delete(digest)
    this.#kept.set(digest, { key, principal, atMs: nowMs })
    if (this.#kept.size <= VERIFIED_TOKENS_MAX) return
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest)
      break
    }
  }
}

function digestOf(token: string): string {
  return hash('sha256', token, 'base64')
}
