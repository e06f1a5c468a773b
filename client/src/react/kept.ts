// A render may be thrown away, repeated, or followed by its unmounting and mounting again; only what was committed is told of its
// end. So what a component needs is opened by whoever asks first, shared by key, and closed some time after nobody holds it.
import type { Clock } from '@tidemark/shared'

/** How long something stays open that nobody holds, in ms. */
export const KEPT_MS = 5_000
/** How many such stay open at most. */
export const KEPT_MAX = 100

export interface Kept<T> {
  /** What is open under that key, opened now where nothing is. Without a holder it is closed KEPT_MS from now. */
  get(key: string, open: () => T): T
  /** As `get`, and stays open until it is released. */
  hold(key: string, open: () => T): Held<T>
  /** What is open under that key. */
  peek(key: string): T | undefined
}

export interface Held<T> {
  readonly value: T
  release(): void
}

export interface KeptPorts<T> {
  readonly clock: Clock
  close(value: T): void
  /** Whether it is of no more use to whoever comes; asked while nobody holds it. */
  isSpent?(value: T): boolean
}

interface Entry<T> {
  readonly key: string
  readonly value: T
  holders: number
  /** Ends the wait for its closing. */
  stay(): void
}

export function kept<T>({ clock, close, isSpent = () => false }: KeptPorts<T>): Kept<T> {
  const entries = new Map<string, Entry<T>>()

  function drop(entry: Entry<T>): void {
    entry.stay()
    entries.delete(entry.key)
    close(entry.value)
  }
  /** Closed after a while, unless somebody holds it before. */
  function leave(entry: Entry<T>): void {
    entry.stay()
    entry.stay = clock.after(KEPT_MS, () => drop(entry))
  }
  function find(key: string): Entry<T> | undefined {
    const entry = entries.get(key)
    return entry?.holders === 0 && isSpent(entry.value) ? undefined : entry
  }
  function entryOf(key: string, open: () => T): Entry<T> {
    const found = find(key)
    if (found) return found
    const spent = entries.get(key)
    if (spent) drop(spent)
    const entry: Entry<T> = { key, value: open(), holders: 0, stay() {} }
    entries.set(key, entry)
    const unheld = [...entries.values()].filter(({ holders }) => holders === 0)
    for (const oldest of unheld.slice(0, -KEPT_MAX)) drop(oldest)
    return entry
  }
  return {
    get(key, open) {
      const entry = entryOf(key, open)
      if (entry.holders === 0) leave(entry)
      return entry.value
    },
    hold(key, open) {
      const entry = entryOf(key, open)
      entry.holders++
      entry.stay()
      let isHeld = true
      return {
        value: entry.value,
        release() {
          if (isHeld && --entry.holders === 0) leave(entry)
          isHeld = false
        },
      }
    },
    peek: (key) => find(key)?.value,
  }
}
