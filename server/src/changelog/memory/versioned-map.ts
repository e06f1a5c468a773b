/** One value of a key, from a moment on, and what it replaced where a reader may still look there. */
interface Entry<V> {
  readonly at: number
  readonly value: V | undefined
  before: Entry<V> | undefined
}

/** What a map held at one moment. */
export type Contents<V> = ReadonlyMap<string, V>

/**
 * A map that can be read as it was at an earlier moment. Moments are numbered by whole transactions; values are never changed in
 * place. Writes are undone by calling what `set` returned, in the reverse order.
 */
export class VersionedMap<V> {
  readonly #entries = new Map<string, Entry<V>>()

  constructor(contents: Contents<V> = new Map()) {
    for (const [key, value] of contents) this.#entries.set(key, { at: 0, value, before: undefined })
  }

  get(key: string, at: number): V | undefined {
    let entry = this.#entries.get(key)
    while (entry !== undefined && entry.at > at) entry = entry.before
    return entry?.value
  }

  /** undefined deletes. The returned function undoes it. */
  set(key: string, value: V | undefined, at: number): () => void {
    const before = this.#entries.get(key)
    this.#entries.set(key, { at, value, before })
    return () => {
      if (before === undefined) this.#entries.delete(key)
      else this.#entries.set(key, before)
    }
  }

  /** Forgets what the key held before its last change; nobody reads there any more. */
  settle(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    entry.before = undefined
    if (entry.value === undefined) this.#entries.delete(key)
  }

  contents(at: number): Contents<V> {
    const contents = new Map<string, V>()
    for (const key of this.#entries.keys()) {
      const value = this.get(key, at)
      if (value !== undefined) contents.set(key, value)
    }
    return contents
  }
}
