import { describe, expect, it } from 'vitest'
import { Admission } from './admission.ts'

const BOUNDS = { perS: 100, heldMsMax: 2000, awayMsMax: 60_000 }

/** How many of `count` who come at `nowMs` are taken at once, wait here, or are sent away, and for how long. */
function crowd(admission: Admission, count: number, nowMs: number) {
  const verdicts = Array.from({ length: count }, () => admission.ask(nowMs))
  const waits = verdicts.flatMap((verdict) => (verdict.afterMs === undefined ? [verdict.waitMs] : []))
  return {
    atOnce: waits.filter((ms) => ms === 0).length,
    waits,
    windows: verdicts.flatMap(({ afterMs }) => (afterMs === undefined ? [] : [afterMs])),
  }
}

describe('admission', () => {
  it('takes whoever comes one by one at once, and a few who come together', () => {
    const admission = new Admission(BOUNDS)
    for (let ms = 0; ms < 10_000; ms += 10) expect(admission.ask(ms)).toEqual({ waitMs: 0 })
    expect(crowd(admission, 10, 20_000).atOnce).toBe(10)
  })

  it('lets a crowd wait in line at its pace, and no longer than is said', () => {
    const { atOnce, waits, windows } = crowd(new Admission(BOUNDS), 210, 0)
    expect(atOnce).toBe(10)
    expect(waits).toHaveLength(210)
    expect(waits.at(-1)).toBe(2000)
    expect(waits.slice(10)).toEqual([...waits.slice(10)].sort((a, b) => a - b))
    expect(windows).toEqual([])
  })

  it('gives whoever finds the line full a place of their own behind it, one after the other', () => {
    const { windows } = crowd(new Admission(BOUNDS), 1210, 0)
    expect(windows).toHaveLength(1000)
    expect(windows[0]?.[0]).toBe(2010)
    expect(windows.map(([from]) => from)).toEqual(Array.from({ length: 1000 }, (_, at) => 2010 + 10 * at))
    expect(windows.every(([from, to]) => to - from === 1000)).toBe(true)
  })

  it('a place is kept: who comes at its moment is taken, though others came meanwhile', () => {
    const admission = new Admission(BOUNDS)
    const { windows } = crowd(admission, 1210, 0)
    for (const [from] of windows) {
      expect(admission.ask(from)).toMatchObject({ waitMs: expect.any(Number) })
      // One in five is new.
      if (from % 50 === 0) expect(admission.ask(from)).toMatchObject({ waitMs: expect.any(Number) })
    }
  })

  it('when all places are given away it names the whole time, and never a later one', () => {
    const { windows } = crowd(new Admission(BOUNDS), 20_000, 0)
    expect(Math.max(...windows.map(([, to]) => to))).toBe(60_000)
    expect(windows.at(-1)).toEqual([2000, 60_000])
  })

  it('after a rest it is as it was in the beginning', () => {
    const admission = new Admission(BOUNDS)
    crowd(admission, 5000, 0)
    expect(crowd(admission, 1210, 600_000)).toEqual(crowd(new Admission(BOUNDS), 1210, 600_000))
  })
})
