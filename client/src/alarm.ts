import type { Clock } from '@tidemark/shared'

/** Sets one timer to the last moment that was asked for, in ms of the monotonic clock; Infinity: never. */
export type Alarm = (atMs: number) => void

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let cancel = () => {}
  let setTo = Number.POSITIVE_INFINITY
  return (atMs) => {
    if (atMs === setTo) return
    setTo = atMs
    cancel()
    if (atMs === Number.POSITIVE_INFINITY) return
    cancel = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      setTo = Number.POSITIVE_INFINITY
      ring()
    })
  }
}
