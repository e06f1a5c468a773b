import { describe, expect, it } from 'vitest'
import { EVERYTHING, FRAMES_MAX, frameLog, passes } from './frame-log.ts'
import type { FrameFacts } from './read-frame.ts'

const frame = (facts: Partial<FrameFacts> = {}): FrameFacts => ({
  way: 'in',
  kind: 'range',
  bytes: 100,
  spaces: ['room:1'],
  detail: '1 → 2',
  ...facts,
})

describe('the log of frames', () => {
  it('keeps the newest, however many come', () => {
    const log = frameLog()
    for (let n = 0; n < 10 * FRAMES_MAX + 7; n++) log.add(frame({ bytes: n }), n)
    const kept = log.newest(Number.POSITIVE_INFINITY, EVERYTHING)
    expect([kept.length, kept[0]?.n, kept.at(-1)?.n]).toEqual([FRAMES_MAX, 10 * FRAMES_MAX + 6, 9 * FRAMES_MAX + 7])
    expect(kept.every(({ n, bytes }) => n === bytes)).toBe(true)
    expect(log.newest(3, EVERYTHING, 10 * FRAMES_MAX + 4).map(({ n }) => n)).toEqual([10 * FRAMES_MAX + 6, 10 * FRAMES_MAX + 5])
    log.clear()
    expect(log.newest(9, EVERYTHING)).toEqual([])
    log.add(frame(), 0)
    expect(log.newest(9, EVERYTHING).map(({ n }) => n)).toEqual([10 * FRAMES_MAX + 7])
  })

  it('adds up what went and came within a minute, second by second', () => {
    const log = frameLog()
    for (let second = 0; second < 100; second++) {
      log.add(frame(), 1000 * second)
      log.add(frame({ way: 'out', bytes: 10 }), 1000 * second + 999)
    }
    expect(log.totals(99_999)).toEqual({ in: { frames: 60, bytes: 6000 }, out: { frames: 60, bytes: 600 } })
    expect(log.totals(130_000)).toEqual({ in: { frames: 29, bytes: 2900 }, out: { frames: 29, bytes: 290 } })
    expect(log.totals(999_999).in.frames).toBe(0)
  })

  it('is filtered by way, by words that are there, and by words that are not', () => {
    const is = (text: string, facts?: Partial<FrameFacts>) => passes(frame(facts), { ...EVERYTHING, text })
    expect([is(''), is('RANGE room'), is('beat'), is('-beat'), is('room -range'), is('range -')]).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ])
    expect(is('→ room:2', { spaces: ['room:1', 'room:2'] })).toBe(true)
    expect(passes(frame(), { in: false, out: true, text: '' })).toBe(false)
  })
})
