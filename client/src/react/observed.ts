import type { Observable } from 'rxjs'
import type { Cell } from './frame-cells.ts'
import { sameValue } from './same-value.ts'

/** RxJS's observables, Dexie's, and whatever is subscribed to likewise. */
export type Source<T> = Pick<Observable<T>, 'subscribe'> | { subscribe(observer: Listener<T>): { unsubscribe(): void } }

interface Listener<T> {
  next(value: T): void
  error(error: unknown): void
}

/** A stream as components read it: subscribed to once, while any of them listens. */
export interface Observed<T> {
  /** What it said last, or `initial`. An error of the stream is thrown: what renders it hands it to its error boundary. */
  get(initial: T): T
  /** As `get`; where nobody listens, the stream is asked, which has to say its present to whoever subscribes. */
  present(initial: T): T
  /** Returns what ends it. */
  subscribe(changed: () => void): () => void
}

type Said<T> = { readonly value: T } | { readonly error: unknown } | undefined

export function observed<T>(cellOf: <V>(initial: V) => Cell<V>, source: Source<T>): Observed<T> {
  const cell = cellOf<Said<T>>(undefined)
  let listeners = 0
  let end = () => {}
  function begin(): void {
    let isFirst = true
    const listener: Listener<T> = {
      next(value) {
        const last = cell.get()
        if (isFirst && last && 'value' in last && sameValue(last.value, value)) return
        // Whoever listens from now on need not wait for a frame for what is there already.
        if (isFirst) cell.setNow({ value })
        else cell.set({ value })
        isFirst = false
      },
      error: (error) => cell.setNow({ error }),
    }
    const subscription = source.subscribe(listener)
    end = () => subscription.unsubscribe()
  }
  function get(initial: T): T {
    const said = cell.get()
    if (said && 'error' in said) throw said.error
    return said ? said.value : initial
  }
  return {
    get,
    present(initial) {
      if (listeners === 0) {
        begin()
        end()
      }
      return get(initial)
    },
    subscribe(changed) {
      const leave = cell.subscribe(changed)
      if (++listeners === 1) begin()
      return () => {
        leave()
        if (--listeners > 0) return
        end()
        // Whoever comes next tries anew.
        const said = cell.get()
        if (said && 'error' in said) cell.setNow(undefined)
      }
    },
  }
}
