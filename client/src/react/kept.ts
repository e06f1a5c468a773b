// A render may be thrown away, repeated, or followed by its unmounting and mounting again; only what was committed is told of its
// end. So what a component needs is opened by whoever asks first, shared by key, and closed some time after nobody holds it.
import type { Clock } from '@tidemark/shared'

/** How long something stays open that nobody holds, in ms. */
export const KEPT_MS = 5_000
/** How many such stay open at most: more than a page suspends at once, or each would make way for the next and none ever be shown. */
export const KEPT_MAX = 10_000

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
  endWait(): void
}

export function kept<T>({ clock, close, isSpent = () => false }: KeptPorts<T>): Kept<T> {
  const entries = new Map<string, Entry<T>>()
  /** What nobody holds; what was asked for last at the end. */
  const idle = new Set<Entry<T>>()

  /** Ends the wait for its closing. */
  function stay(entry: Entry<T>): void {
    idle.delete(entry)
    entry.endWait()
  }
  function drop(entry: Entry<T>): void {
    stay(entry)
    entries.delete(entry.key)
    close(entry.value)
  }
  /** Closed after a while, unless somebody holds it before. */
  function leave(entry: Entry<T>): void {
    stay(entry)
    entry.endWait = clock.after(KEPT_MS, () => drop(entry))
    idle.add(entry)
    for (const oldest of idle) {
      if (idle.size <= KEPT_MAX) return
      drop(oldest)
    }
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
    const entry: Entry<T> = { key, value: open(), holders: 0, endWait() {} }
    entries.set(key, entry)
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
      stay(entry)
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
