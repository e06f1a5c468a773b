import type { Frames } from '../react/frames.ts'

/** The longest that something waits for the next frame, in ms: pages that are hidden draw none. */
const FRAME_WAIT_MAX_MS = 100

/** The page's own. */
export const pageFrames: Frames = {
  next(task) {
    let frame = 0
    const timer = setTimeout(() => {
      cancelAnimationFrame(frame)
      task()
    }, FRAME_WAIT_MAX_MS)
    frame = requestAnimationFrame(() => {
      clearTimeout(timer)
      task()
    })
  },
}
