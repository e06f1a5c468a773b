/** Frames that wait to be handled, and their bytes, before ranges are dropped: the one rule notices, and asks for them again. */
export const WAITING_FRAMES_MAX = 1000
export const WAITING_BYTES_MAX: number = 16 * 1_048_576

/** Does one thing after the other, in the order in which they came: a range is applied before the next frame is looked at. */
export interface WorkQueue {
  /** Never refused; what the device itself has to do, and answers to it. */
  push(work: () => Promise<void>): void
  /** What a server sends, `bytes` long. Returns false, and drops it, when too much waits. */
  offer(bytes: number, work: () => Promise<void>): boolean
  /** Resolves when all is done that was pushed before. */
  idle(): Promise<void>
  /** Nothing is begun any more. */
  stop(): void
}

/** `failed` is told what a piece of work threw; the next one goes on. */
export function createWorkQueue(failed: (error: unknown) => void): WorkQueue {
  const waiting: { readonly bytes: number; readonly work: () => Promise<void> }[] = []
  let bytesWaiting = 0
  let running: Promise<void> | undefined
  let stopped = false

  const run = async () => {
    // Whoever pushes has finished before any of it runs.
    await undefined
    for (let next = waiting.shift(); next !== undefined && !stopped; next = waiting.shift()) {
      try {
        await next.work()
      } catch (error) {
        failed(error)
      }
      bytesWaiting -= next.bytes
    }
    running = undefined
  }
  const add = (bytes: number, work: () => Promise<void>) => {
    if (stopped) return
    bytesWaiting += bytes
    waiting.push({ bytes, work })
    running ??= run()
  }
  return {
    push: (work) => add(0, work),
    offer(bytes, work) {
      if (waiting.length >= WAITING_FRAMES_MAX || bytesWaiting + bytes > WAITING_BYTES_MAX) return false
      add(bytes, work)
      return true
    },
    async idle() {
      while (running !== undefined) await running
    },
    stop() {
      stopped = true
      waiting.length = 0
    },
  }
}
