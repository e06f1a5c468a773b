import type { Clock } from '@tidemark/shared'

/** Sets one timer to the last moment that was asked for, in ms of the monotonic clock; Infinity: never. */
export type Alarm = (atMs: number) => void

/** `ring` is told how late it comes, in ms of the wall clock: much means a device that slept. */
export function createAlarm(clock: Clock, ring: (lateMs: number) => void): Alarm {
  let cancel = () => {}
  let setTo = Number.POSITIVE_INFINITY
  return (atMs) => {
    if (atMs === setTo) return
    setTo = atMs
    cancel()
    if (atMs === Number.POSITIVE_INFINITY) return
    const waitMs = Math.max(0, atMs - clock.monotonicMs())
    const dueMs = clock.nowMs() + waitMs
    cancel = clock.after(waitMs, () => {
      setTo = Number.POSITIVE_INFINITY
      ring(clock.nowMs() - dueMs)
    })
  }
}
