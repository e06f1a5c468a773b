import type { Frames } from '../frames.ts'

/** The longest that something waits for the next frame, in ms: pages that are hidden draw none, and not all that runs is a page. */
const FRAME_WAIT_MAX_MS = 100

/** The page's own. */
export const pageFrames: Frames = {
  next(task) {
    let frame = 0
    const timer = setTimeout(() => {
      if (frame) cancelAnimationFrame(frame)
      task()
    }, FRAME_WAIT_MAX_MS)
    if (typeof requestAnimationFrame === 'undefined') return
    frame = requestAnimationFrame(() => {
      clearTimeout(timer)
      task()
    })
  },
}
