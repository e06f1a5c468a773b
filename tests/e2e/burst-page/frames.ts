/** What was seen of a page's frames between `begin` and `end`. */
export interface Frames {
  /** From one frame to the next, in ms. */
  readonly frameMs: readonly number[]
  /** Tasks of more than 50 ms. */
  readonly longTasksMs: readonly number[]
  readonly renders: number
}

let frameMs: number[] | undefined
let longTasksMs: number[] = []
let renders = 0
let lastMs = 0

function frame(atMs: number): void {
  frameMs?.push(atMs - lastMs)
  lastMs = atMs
  requestAnimationFrame(frame)
}
requestAnimationFrame(frame)
new PerformanceObserver((list) => longTasksMs.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' })

export function rendered(): void {
  renders++
}

export function begin(): void {
  frameMs = []
  longTasksMs = []
  renders = 0
}

export function end(): Frames {
  const seen = { frameMs: frameMs ?? [], longTasksMs, renders }
  frameMs = undefined
  return seen
}
