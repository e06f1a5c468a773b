import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ASIDE_MS, BEST_FOR_MS, type Endpoints, failed, HEAD_START_MS, newEndpoints, noneWon, startsOf, won } from './endpoints.ts'

const NOW = 1_763_596_800_000
const NEVER = Number.POSITIVE_INFINITY

describe('endpoints', () => {
  it('are all raced at first', () => {
    expect(startsOf(newEndpoints(3), NOW)).toEqual([0, 0, 0])
  })

  it('have one that is tried alone for a moment, once it has won', () => {
    const state = won(newEndpoints(3), 1, [], NOW)
    expect(startsOf(state, NOW)).toEqual([HEAD_START_MS, 0, HEAD_START_MS])
    expect(startsOf(state, NOW + BEST_FOR_MS)).toEqual([0, 0, 0])
  })

  it('lose who had its chance and let another one win, for some minutes', () => {
    const state = won(won(newEndpoints(3), 0, [], NOW), 2, [0], NOW)
    expect(startsOf(state, NOW)).toEqual([NEVER, HEAD_START_MS, 0])
    expect(startsOf(state, NOW + ASIDE_MS)).toEqual([HEAD_START_MS, HEAD_START_MS, 0])
  })

  it('lose who opens and says nothing', () => {
    const state = failed(won(newEndpoints(2), 0, [], NOW), 0, NOW)
    expect(startsOf(state, NOW)).toEqual([NEVER, 0])
  })

  it('are all tried again where none of those that are left works', () => {
    const state = noneWon(won(newEndpoints(3), 1, [0, 2], NOW))
    expect(startsOf(state, NOW)).toEqual([HEAD_START_MS, 0, HEAD_START_MS])
  })

  it('are not kept aside, and none is kept best, by a clock that was set back', () => {
    const state = won(newEndpoints(2), 0, [1], NOW)
    expect(startsOf(state, NOW - 3_600_000)).toEqual([0, 0])
  })

  it('always have one that is tried at once, whatever happened', () => {
    const event = fc.record({
      what: fc.constantFrom('won', 'failed', 'none'),
      at: fc.nat({ max: 2 }),
      lost: fc.subarray([0, 1, 2]),
      ms: fc.integer({ min: -2 * ASIDE_MS, max: BEST_FOR_MS }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        let state: Endpoints = newEndpoints(3)
        let nowMs = NOW
        for (const { what, at, lost, ms } of events) {
          nowMs += ms
          state = what === 'won' ? won(state, at, lost, nowMs) : what === 'failed' ? failed(state, at, nowMs) : noneWon(state)
          expect(Math.min(...startsOf(state, nowMs))).toBe(0)
        }
      }),
    )
  })
})
