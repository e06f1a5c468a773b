// Whoever draws cannot show more than a value a frame. What comes in between is kept back, and what several cells hold is told
// at once, so that a page renders once a frame at most, however many things changed.
import type { Frames } from '../frames.ts'

/** A value, and who is told when there is another. */
export interface Cell<T> {
  /** What was told last. */
  get(): T
  /** Told with the next frame, unless another one comes before. */
  set(value: T): void
  /** Told now. */
  setNow(value: T): void
  /** Returns what ends it. */
  subscribe(changed: () => void): () => void
}

/** Makes cells that tell together. */
export function frameCells(frames: Frames): <T>(initial: T) => Cell<T> {
  let waiting = new Set<() => void>()
  function tellWaiting(): void {
    const tell = waiting
    waiting = new Set()
    for (const each of tell) each()
  }
  return <T>(initial: T): Cell<T> => {
    let told = initial
    let latest = initial
    const listeners = new Set<() => void>()
    function tell(): void {
      if (Object.is(told, latest)) return
      told = latest
      for (const listener of listeners) listener()
    }
    return {
      get: () => told,
      set(value) {
        latest = value
        if (waiting.size === 0) frames.next(tellWaiting)
        waiting.add(tell)
      },
      setNow(value) {
        latest = value
        tell()
      },
      subscribe(changed) {
        // A function of its own: two may give the same one.
        const listener = () => changed()
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
    }
  }
}
