import { type Clock, RateLimitedError, UnavailableError } from '@tidemark/shared'
import type { Context } from 'hono'
import type { AnonymousTokens } from '../backend/anonymous-tokens.ts'
import { Budget } from '../budget.ts'
import { LastUsed } from '../last-used.ts'
import { type AddressOf, addressIn } from './client-address.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

/** New names that one address is given in an hour where nothing else is said: one household, or a small hall. As many at once after a rest. */
export const ANONYMOUS_PER_ADDRESS_PER_HOUR = 300
/** Addresses that are counted; past them the one that came longest ago is forgotten. */
const ADDRESSES_MAX = 10_000
/** Tokens signed a second in the long run, and at once, for all addresses: each costs about 50 µs. */
const SIGNED_PER_S = 1000
const SIGNED_BURST = 2000

export interface AnonymousWorld {
  readonly tokens: AnonymousTokens
  readonly clock: Clock
  readonly addressOf: AddressOf
  readonly perAddressPerHour?: number | undefined
}

/**
 * POST /v1/anonymous: {"token","user","expiresAtMs"}, for whoever asks, under a name made by chance; with such a token in the header it is
 * renewed for the same user. Throws TypeError for a limit that is none. Source: protocol §4.
 */
export function anonymousRoute({
  tokens,
  clock,
  addressOf,
  perAddressPerHour = ANONYMOUS_PER_ADDRESS_PER_HOUR,
}: AnonymousWorld): (c: Context) => Promise<Response> {
  if (!(perAddressPerHour >= 1)) throw new TypeError('anonymous: perAddressPerHour must be a number from 1 on')
  const addresses = new LastUsed<Budget>(ADDRESSES_MAX, ADDRESSES_MAX, () => 1)
  const signing = new Budget(SIGNED_BURST, SIGNED_PER_S, clock.monotonicMs())

  function assertMaySign(): void {
    const afterMs = signing.take(clock.monotonicMs())
    if (afterMs > 0) throw new UnavailableError('Too many ask for a name at once. Try again.', { afterMs })
  }

  function assertNotTooMany(address: string | undefined): void {
    if (address === undefined) return
    const nowMs = clock.monotonicMs()
    const budget = addresses.get(address) ?? new Budget(perAddressPerHour, perAddressPerHour / 3600, nowMs)
    addresses.keep(address, budget)
    const afterMs = budget.take(nowMs)
    if (afterMs > 0) throw new RateLimitedError('Too many names were asked for from this address.', { afterMs })
  }

  return async (c) => {
    const authorization = c.req.header('authorization')
    if (authorization !== undefined) return jsonAnswer(JSON.stringify(await tokens.renew(bearerToken(authorization), assertMaySign)))
    assertNotTooMany(addressIn(c, addressOf))
    assertMaySign()
    return jsonAnswer(JSON.stringify(await tokens.issue()))
  }
}
