import { type Observable, ReplaySubject } from 'rxjs'
import { asSyncError } from './as-sync-error.ts'
import type { Pending, SentState } from './replica-api.ts'

/** What became of the mutations of this tab whose end it does not know yet; they are pending, so that there are no more than of those. */
export interface SentStates {
  /** One that was just saved. */
  follow(nonce: string, confirmed: Promise<void>): Observable<SentState>
  /** What is pending now, by nonce; undefined where it is dismissed. */
  look(pending: ReadonlyMap<string, Pending | undefined>): void
  close(): void
}

export function sentStates(): SentStates {
  const followed = new Map<string, { last: SentState; readonly state$: ReplaySubject<SentState> }>()
  function tell(nonce: string, { state, attempts, error }: SentState): void {
    const one = followed.get(nonce)
    if (!one || (one.last.state === state && one.last.attempts === attempts && one.last.error === error)) return
    one.last = { state, attempts, error }
    one.state$.next(one.last)
  }
  function end(nonce: string, state: SentState['state'], error?: SentState['error']): void {
    const one = followed.get(nonce)
    if (!one) return
    tell(nonce, { ...one.last, state, error })
    followed.delete(nonce)
    one.state$.complete()
  }
  return {
    follow(nonce, confirmed) {
      const last: SentState = { state: 'waiting', attempts: 0 }
      const state$ = new ReplaySubject<SentState>(1)
      state$.next(last)
      followed.set(nonce, { last, state$ })
      confirmed.then(
        () => end(nonce, 'confirmed'),
        (error) => {
          if (followed.get(nonce)?.last.state === 'dismissed') end(nonce, 'dismissed')
          else end(nonce, 'refused', asSyncError(error))
        },
      )
      return state$.asObservable()
    },
    look(pending) {
      for (const [nonce, { last }] of followed) {
        if (!pending.has(nonce)) continue
        const { state = 'dismissed', attempts = last.attempts, lastError: error } = pending.get(nonce) ?? {}
        tell(nonce, { state, attempts, error })
      }
    },
    close() {
      for (const { state$ } of followed.values()) state$.complete()
      followed.clear()
    },
  }
}
