import { RateLimitedError, type SyncError, UnavailableError } from '@tidemark/shared'

/** Polls held at once, of all and of one address; past them new ones are refused. */
const POLLS_MAX = 10_000
const POLLS_PER_ADDRESS_MAX = 1000
/** Polls of one user held at once; past them the oldest is answered: a proxy may keep up those of a device that has long asked anew. */
const POLLS_PER_USER_MAX = 32
/** When to ask again, in ms. */
const FULL_AFTER_MS = 10_000

interface Held {
  readonly address: string | undefined
  end(): void
}

/** The polls that wait for news, and for whom each is counted. */
export class HeldPolls {
  /** By tenant and user, the oldest first. */
  readonly #of = new Map<string, Set<Held>>()
  readonly #at = new Map<string, number>()
  #count = 0

  /** Why no poll of this address should be taken now. */
  refusal(address: string | undefined): SyncError | undefined {
    if (this.#count >= POLLS_MAX) return new UnavailableError('This server holds as many polls as it can.', { afterMs: FULL_AFTER_MS })
    if (address !== undefined && (this.#at.get(address) ?? 0) >= POLLS_PER_ADDRESS_MAX)
      return new RateLimitedError('Too many polls of this address are held.', { afterMs: FULL_AFTER_MS })
    return undefined
  }

  /** The returned function lets it go. `end` answers it early. */
  hold(owner: string, address: string | undefined, end: () => void): () => void {
    const held: Held = { address, end }
    const others = this.#of.get(owner) ?? new Set()
    this.#of.set(owner, others)
    this.#add(held, others)
    const [oldest] = others
    if (others.size > POLLS_PER_USER_MAX && oldest !== undefined) {
      this.#remove(oldest, owner)
      oldest.end()
    }
    return () => this.#remove(held, owner)
  }

  #add(held: Held, others: Set<Held>): void {
    others.add(held)
    this.#count++
    if (held.address !== undefined) this.#at.set(held.address, (this.#at.get(held.address) ?? 0) + 1)
  }

  /** Call it twice, it counts once. */
  #remove(held: Held, owner: string): void {
    const others = this.#of.get(owner)
    if (!others?.delete(held)) return
    if (others.size === 0) this.#of.delete(owner)
    this.#count--
    if (held.address === undefined) return
    const left = (this.#at.get(held.address) ?? 0) - 1
    if (left > 0) this.#at.set(held.address, left)
    else this.#at.delete(held.address)
  }
}
