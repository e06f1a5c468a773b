const STEPS = [1, 2, 5]

/** The least round number (1, 2 or 5 times a power of ten) that is no less, and at least 1: the top of an axis. */
export function roundTop(highest: number): number {
  for (let power = 1; ; power *= 10) for (const step of STEPS) if (step * power >= highest) return step * power
}

export interface Point {
  readonly atMs: number
  readonly value: number
}

/** Points as a path within a box: time from left to right, 0 at the bottom, `top` at the top. `M...` or, of none, an empty one. */
export function pathOf(points: readonly Point[], fromMs: number, toMs: number, top: number, width: number, height: number): string {
  const x = (atMs: number) => round(((atMs - fromMs) / Math.max(1, toMs - fromMs)) * width)
  const y = (value: number) => round(height - (Math.min(value, top) / top) * height)
  return points.map(({ atMs, value }, index) => `${index === 0 ? 'M' : 'L'}${x(atMs)} ${y(value)}`).join('')
}

function round(number: number): number {
  return Math.round(number * 10) / 10
}
