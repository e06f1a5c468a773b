import type { Clock } from '@tidemark/shared'

/** One timer, always set to the last moment that was asked for. */
export interface Alarm {
  /** In ms of the monotonic clock; Infinity: never. */
  set(atMs: number): void
}

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let cancel: (() => void) | undefined
  let setTo = Number.POSITIVE_INFINITY
  return {
    set(atMs) {
      if (atMs === setTo) return
      setTo = atMs
      cancel?.()
      cancel = undefined
      if (atMs === Number.POSITIVE_INFINITY) return
      cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
        setTo = Number.POSITIVE_INFINITY
        ring()
      })
    },
  }
}
