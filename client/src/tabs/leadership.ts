/*
 * One tab of a device connects for all of them: it leads. Who leads is said by a lock, which the browser hands on when its holder dies.
 * A frozen tab dies not, and keeps its lock: so a leader is asked now and then, and answers by work, not by a timer. Where it is
 * silent, or hidden while this tab is in front, the lock is taken from it; where the lock itself is silent, this tab leads without.
 * For a moment two may lead. Nothing breaks by it [M1], and a number in the database says which of them counts: the later one.
 */

/** From one question to the leader to the next: in front, and where timers run once a minute anyway. In ms. */
export const ASK_EVERY_MS = 5000
export const ASK_HIDDEN_EVERY_MS = 60_000
/** How long an answer is waited for, in ms. */
export const ANSWER_WITHIN_MS = 2500
/** Questions in a row that were not answered, after which the lock is taken: twice as many after each time that no leader was heard since. */
export const SILENCES_MAX = 2
const DOUBLINGS_MAX = 5
/** How long a lock that is taken is waited for, in ms. */
export const LOCK_WITHIN_MS = 2000

/** What this tab is to the others. All times by the monotonic clock. */
export type Leadership =
  /** It would not connect anyway: closed, frozen, or offline by the app's own switch. */
  | { readonly name: 'absent' }
  /** `isHidden`: the leader was so when it was heard last. `taken`: locks that this tab has taken since it heard a leader. */
  | {
      readonly name: 'follower'
      readonly untilMs: number
      readonly silences: number
      readonly isHidden: boolean
      readonly taken: number
    }
  /** It takes the lock from whoever has it. */
  | { readonly name: 'taking'; readonly untilMs: number; readonly taken: number }
  | { readonly name: 'leader'; readonly taken: number }

export type LeadershipEvent =
  /** It would connect. */
  | { readonly type: 'join' }
  | { readonly type: 'leave' }
  /** The lock is here. */
  | { readonly type: 'granted' }
  /** The lock, or its request, is no more; or a later leader was met. */
  | { readonly type: 'lost' }
  /** A leader spoke. */
  | { readonly type: 'heard'; readonly isHidden: boolean }
  /** A person looks at this tab. */
  | { readonly type: 'show' }
  | { readonly type: 'time' }

/** `queue`: ask for the lock. `take`: take it. `exit`: let go of it and of every request for it. `ask`: say that this tab is here. */
export type LeadershipEffect = 'enter' | 'queue' | 'take' | 'lead' | 'follow' | 'ask' | 'exit'

export interface LeadershipStep {
  readonly state: Leadership
  readonly effects: readonly LeadershipEffect[]
}

export const ABSENT: Leadership = { name: 'absent' }

/** When `step` wants to be called with `time`; Infinity: not by itself. */
export function leadershipWakeAtMs(state: Leadership): number {
  return 'untilMs' in state ? state.untilMs : Number.POSITIVE_INFINITY
}

/** What a tab does about an event. Pure and total: `nowMs` by the monotonic clock, `inFront`: whether a person can see it. */
export function stepLeadership(state: Leadership, event: LeadershipEvent, nowMs: number, inFront: boolean): LeadershipStep {
  const { type } = event
  const to = (next: Leadership, ...effects: LeadershipEffect[]): LeadershipStep => ({ state: next, effects })
  const ask = (taken: number, silences: number, ...effects: LeadershipEffect[]) =>
    to({ name: 'follower', untilMs: nowMs + ANSWER_WITHIN_MS, silences: silences + 1, isHidden: false, taken }, ...effects, 'ask')
  const take = (taken: number) => to({ name: 'taking', untilMs: nowMs + LOCK_WITHIN_MS, taken }, 'take')

  if (type === 'leave' && state.name !== 'absent') return to(ABSENT, 'exit', 'follow')
  switch (state.name) {
    case 'absent':
      return type === 'join' ? ask(0, 0, 'enter', 'queue') : to(state)
    case 'follower': {
      const { taken, silences, isHidden, untilMs } = state
      if (type === 'granted') return to({ name: 'leader', taken }, 'lead')
      if (type === 'heard') {
        // One that speaks all the time is asked all the same, or it could be hidden for ever.
        const nextMs = silences === 0 ? untilMs : nowMs + (inFront ? ASK_EVERY_MS : ASK_HIDDEN_EVERY_MS)
        return to({ ...state, untilMs: nextMs, silences: 0, isHidden: event.isHidden, taken: 0 })
      }
      if (type === 'show') return ask(taken, 0)
      if (type !== 'time' || untilMs > nowMs) return to(state)
      if (inFront && isHidden) return take(taken)
      return silences < SILENCES_MAX << taken ? ask(taken, silences) : take(Math.min(taken + 1, DOUBLINGS_MAX))
    }
    case 'taking': {
      const { taken, untilMs } = state
      // A browser that fails at locks: this tab leads all the same.
      return type === 'granted' || (type === 'time' && untilMs <= nowMs) ? to({ name: 'leader', taken }, 'lead') : to(state)
    }
    case 'leader':
      return type === 'lost' ? ask(state.taken, 0, 'follow', 'queue') : to(state)
  }
}
