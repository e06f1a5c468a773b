import type { SyncError } from '@tidemark/shared'
import { BehaviorSubject, Observable } from 'rxjs'
import { asSyncError } from './as-sync-error.ts'
import { DealtWithError } from './replica/confirmations.ts'
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
  const followed = new Map<string, BehaviorSubject<SentState>>()
  function tell(state$: BehaviorSubject<SentState>, now: SentState): void {
    const { state, attempts, error } = state$.value
    if (now.state !== state || now.attempts !== attempts || now.error !== error) state$.next(now)
  }
  return {
    follow(nonce, confirmed) {
      const state$ = new BehaviorSubject<SentState>({ state: 'waiting', attempts: 0 })
      followed.set(nonce, state$)
      const end = (state: SentState['state'], error?: SyncError) => {
        tell(state$, { ...state$.value, state, error })
        followed.delete(nonce)
        state$.complete()
      }
      confirmed.then(
        () => end('confirmed'),
        (error) =>
          state$.value.state === 'dismissed' || error instanceof DealtWithError ? end('dismissed') : end('refused', asSyncError(error)),
      )
      return new Observable((subscriber) => {
        // One that has completed tells nothing to whoever comes late.
        if (!followed.has(nonce)) subscriber.next(state$.value)
        return state$.subscribe(subscriber)
      })
    },
    look(pending) {
      for (const [nonce, state$] of followed) {
        if (!pending.has(nonce)) continue
        const { state = 'dismissed', attempts = state$.value.attempts, lastError: error } = pending.get(nonce) ?? {}
        tell(state$, { state, attempts, error })
      }
    },
    close() {
      for (const state$ of followed.values()) state$.complete()
      followed.clear()
    },
  }
}
