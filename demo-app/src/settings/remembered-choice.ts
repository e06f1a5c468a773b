/** One of a few things that the person at this device chose: kept across reloads, and the same in all tabs. */
export interface RememberedChoice<T extends string> {
  /** Undefined while nothing was chosen. */
  read(): T | undefined
  /** Undefined goes back to nothing chosen. */
  choose(value: T | undefined): void
  /** Calls back after each choice, in this tab or another. The returned function ends it. */
  subscribe(changed: () => void): () => void
}

export function rememberedChoice<T extends string>(key: string, choices: readonly T[]): RememberedChoice<T> {
  const listeners = new Set<() => void>()
  return {
    read() {
      const kept = localStorage.getItem(key)
      return choices.find((choice) => choice === kept)
    },
    choose(value) {
      if (value === undefined) localStorage.removeItem(key)
      else localStorage.setItem(key, value)
      for (const changed of listeners) changed()
    },
    subscribe(changed) {
      listeners.add(changed)
      const look = (event: StorageEvent) => event.key === key && changed()
      addEventListener('storage', look)
      return () => {
        listeners.delete(changed)
        removeEventListener('storage', look)
      }
    },
  }
}
