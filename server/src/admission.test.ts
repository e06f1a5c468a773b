import { describe, expect, it } from 'vitest'
import { Admission } from './admission.ts'

const BOUNDS = { perS: 100, heldMsMax: 2000, awayMsMax: 60_000 }
const LOOK_MS = 20

/** How many of `count` who come at `nowMs` are taken at once, wait here, or are sent away, and to when. */
function crowd(admission: Admission, count: number, nowMs: number) {
  const verdicts = Array.from({ length: count }, () => admission.ask(nowMs))
  return {
    atOnce: verdicts.filter(({ name }) => name === 'now').length,
    waiting: verdicts.filter(({ name }) => name === 'wait').length,
    windows: verdicts.flatMap((verdict) => (verdict.name === 'away' ? [verdict.afterMs] : [])),
  }
}

/** Looks every 20 ms until the line is empty; when it was, and the most that were taken at one time. */
function drain(admission: Admission, fromMs: number, lookMs = LOOK_MS): { emptyAtMs: number; most: number } {
  let most = 0
  let nowMs = fromMs
  while (admission.waiting > 0) {
    nowMs += lookMs
    most = Math.max(most, admission.release(nowMs))
  }
  return { emptyAtMs: nowMs, most }
}

describe('admission', () => {
  it('takes whoever comes one by one at once, and a few who come together', () => {
    const admission = new Admission(BOUNDS)
    for (let ms = 0; ms < 10_000; ms += 10) expect(admission.ask(ms)).toEqual({ name: 'now' })
    expect(crowd(admission, 10, 20_000).atOnce).toBe(10)
  })

  it('lets a crowd wait in line at its pace, and no longer than is said', () => {
    const admission = new Admission(BOUNDS)
    expect(crowd(admission, 210, 0)).toEqual({ atOnce: 10, waiting: 200, windows: [] })
    expect(drain(admission, 0)).toEqual({ emptyAtMs: 2000, most: 2 })
  })

  it('gives whoever finds the line full a place of their own behind it, one after the other', () => {
    const { windows } = crowd(new Admission(BOUNDS), 1210, 0)
    expect(windows).toHaveLength(1000)
    expect(windows.map(([from]) => from)).toEqual(Array.from({ length: 1000 }, (_, at) => 2010 + 10 * at))
    expect(windows.every(([from, to]) => to - from === 1000)).toBe(true)
  })

  it('a place is kept: who comes at its moment is taken, though others came meanwhile', () => {
    const admission = new Admission(BOUNDS)
    const { windows } = crowd(admission, 1210, 0)
    drain(admission, 0)
    for (const [from] of windows) {
      admission.release(from)
      expect(admission.ask(from).name).not.toBe('away')
      // One in five is new.
      if (from % 50 === 0) expect(admission.ask(from).name).not.toBe('away')
    }
  })

  it('when all places are given away they are given again, one after the other, and never a later one', () => {
    const { windows } = crowd(new Admission(BOUNDS), 20_000, 0)
    expect(Math.max(...windows.map(([, to]) => to))).toBe(60_000)
    const places = (60_000 - 1000 - 2000) / 10
    expect(windows.slice(places, 2 * places)).toEqual(windows.slice(0, places))
    expect(windows.length - 3 * places).toBeGreaterThan(0)
    const told = Map.groupBy(windows, ([from]) => from)
    expect(Math.max(...Array.from(told.values(), ({ length }) => length))).toBe(4)
  })

  it('a machine that hardly gets round leaves it to chance, and tells nobody to come later than the latest', () => {
    const admission = new Admission(BOUNDS)
    crowd(admission, 210, 0)
    for (let minute = 1; admission.waiting > 50; minute++) admission.release(minute * 60_000)
    const { windows } = crowd(admission, 3, 3_000_000)
    expect(windows).toEqual(Array(3).fill([2000, 60_000]))
  })

  it('after a rest it is as it was in the beginning', () => {
    const admission = new Admission(BOUNDS)
    crowd(admission, 5000, 0)
    drain(admission, 0)
    expect(crowd(admission, 1210, 600_000)).toEqual(crowd(new Admission(BOUNDS), 1210, 600_000))
  })

  it('where the machine stalls, nothing is made up for in a burst, and whoever comes is told by the pace that it keeps', () => {
    const admission = new Admission(BOUNDS)
    crowd(admission, 210, 0)
    // It gets round twice a second: ten at a time, a fifth of its pace.
    let nowMs = 0
    for (let rounds = 0; rounds < 15; rounds++) {
      nowMs += 500
      expect(admission.release(nowMs)).toBe(10)
    }
    expect(admission.waiting).toBe(50)
    const { waiting, windows } = crowd(admission, 100, nowMs)
    expect(waiting).toBeLessThan(10)
    expect(windows[0]?.[0]).toBeGreaterThan(2000)
    const [first = 0, second = 0] = windows.map(([from]) => from)
    expect(second - first).toBeGreaterThan(40)
  })
})
