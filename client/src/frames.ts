/** When the page draws. */
export interface Frames {
  /** Runs `task` once, right before the next frame is drawn; soon, where none is. */
  next(task: () => void): void
}
