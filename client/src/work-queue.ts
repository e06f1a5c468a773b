import { type Clock, within } from '@tidemark/shared'

/** Frames that wait to be handled, and their bytes, before ranges are dropped: the one rule notices, and asks for them again. */
export const WAITING_FRAMES_MAX = 1000
export const WAITING_BYTES_MAX: number = 16 * 1_048_576

/** A piece of work has several units of the storage, each of which ends by its own deadline: none takes as long as this, in ms. */
export const WORK_WITHIN_MS = 300_000

/** Does one thing after the other, in the order in which they came: a range is applied before the next frame is looked at. */
export interface WorkQueue {
  /** Never refused; what the device itself has to do, and answers to it; `bytes` long. */
  push(work: () => Promise<void>, bytes?: number): void
  /** True while what a server sends, `bytes` long, still has a place. */
  hasRoom(bytes: number): boolean
  /** Begins nothing any more; resolves when what was begun is done. */
  stop(): Promise<void>
}

/** `failed` is told what a piece of work threw, or that it never ended; the next one goes on. */
export function createWorkQueue(clock: Clock, failed: (error: unknown) => void): WorkQueue {
  let last = Promise.resolve()
  let waiting = 0
  let bytesWaiting = 0
  let stopped = false
  return {
    push(work, bytes = 0) {
      waiting++
      bytesWaiting += bytes
      last = last.then(async () => {
        try {
          if (!stopped) await within(clock, WORK_WITHIN_MS, work(), () => new Error('work on this device never ends'))
        } catch (error) {
          failed(error)
        }
        waiting--
        bytesWaiting -= bytes
      })
    },
    hasRoom: (bytes) => waiting < WAITING_FRAMES_MAX && bytesWaiting + bytes <= WAITING_BYTES_MAX,
    stop() {
      stopped = true
      return last
    },
  }
}
