import { type Clock, UnavailableError, within } from '@tidemark/shared'
import type { CryptoKey } from 'jose'
import { isLoopbackHost } from '../loopback-host.ts'
import type { Log } from '../observe/log.ts'
import type { Fetch } from '../platform/system-fetch.ts'
import { KEYS_ASK_AGAIN_MS, KEYS_BYTES_MAX, KEYS_FRESH_MS, KEYS_STALE_MS, KEYS_WITHIN_MS } from './bounds.ts'
import { type FindKeys, type KeyHint, publicKeys } from './public-keys.ts'

export interface RemoteKeysPorts {
  readonly clock: Clock
  readonly fetch: Fetch
  readonly log: Log
}

/**
 * The public keys that an address serves, kept in hand. They are fetched anew when they have grown old, so that a key that was taken out
 * there counts here no longer, and when a token names a key that is not among them, so that a new one counts at once; never twice within
 * KEYS_ASK_AGAIN_MS. While the address does not answer, the keys in hand go on until KEYS_STALE_MS; after that, and for a key that nobody
 * could look up, it is UnavailableError: what could not be checked is not called bad.
 */
export function remoteKeys(address: string, { clock, fetch, log }: RemoteKeysPorts): FindKeys {
  const url = checked(address)
  let inHand: { readonly find: FindKeys; readonly atMs: number } | undefined
  let failure: unknown
  let askAgainAtMs = Number.NEGATIVE_INFINITY
  let asking: Promise<void> | undefined

  const ageMs = () => (inHand === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - inHand.atMs)

  /** Asks the address, unless it was asked just now; whoever comes meanwhile waits for the same answer. Never rejects. */
  function refresh(): Promise<void> {
    if (asking === undefined && clock.monotonicMs() >= askAgainAtMs) {
      askAgainAtMs = clock.monotonicMs() + KEYS_ASK_AGAIN_MS
      asking = ask().finally(() => {
        asking = undefined
      })
    }
    return asking ?? Promise.resolve()
  }

  async function ask(): Promise<void> {
    // Old from the moment it was asked for: the answer may have been on its way for long.
    const atMs = clock.monotonicMs()
    const abort = new AbortController()
    try {
      const text = await within(clock, KEYS_WITHIN_MS, textAt(url, fetch, abort.signal), () => new Error('no answer in time'))
      inHand = { find: publicKeys(JSON.parse(text)), atMs }
      failure = undefined
    } catch (error) {
      abort.abort()
      failure = error
      log.warn({ err: error, url }, 'the key set could not be fetched; keys in hand go on for a while')
    }
  }

  async function look(hint: KeyHint): Promise<readonly CryptoKey[]> {
    if (inHand === undefined || ageMs() >= KEYS_STALE_MS) throw unavailable()
    return inHand.find(hint)
  }

  function unavailable(): UnavailableError {
    const afterMs = Math.max(0, Math.ceil(askAgainAtMs - clock.monotonicMs()))
    return new UnavailableError('The token cannot be checked now: its issuer does not give out its keys. Try again.', {
      afterMs,
      cause: failure,
    })
  }

  return async (hint) => {
    if (ageMs() >= KEYS_FRESH_MS) await refresh()
    const known = await look(hint)
    if (known.length > 0) return known
    await refresh()
    const found = await look(hint)
    if (found.length === 0 && failure !== undefined) throw unavailable()
    return found
  }
}

/** Throws TypeError for an address whose answer anybody on the way could replace. */
function checked(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isPrivate = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.host))
  if (url === undefined || !isPrivate) throw new TypeError('jwt: jwksUrl must be an https address; http only on this machine')
  if (url.username !== '' || url.password !== '') throw new TypeError('jwt: jwksUrl must not hold a name or password')
  return url.href
}

/** Counted while it comes in; a redirect is an error, since it could lead anywhere. */
async function textAt(url: string, fetch: Fetch, signal: AbortSignal): Promise<string> {
  const answer = await fetch(url, { redirect: 'error', signal, headers: { accept: 'application/jwk-set+json, application/json' } })
  if (answer.status !== 200) throw new Error(`status ${answer.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > KEYS_BYTES_MAX) throw new Error(`more than ${KEYS_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
