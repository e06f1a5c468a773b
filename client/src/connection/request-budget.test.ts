import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { createRequestBudget, EQUAL_AT_ONCE, EQUAL_EVERY_MS, REQUESTS_REMEMBERED_MAX } from './request-budget.ts'

const HOUR_MS = 3_600_000

describe('a request that is the same as before', () => {
  it('is sent at most 100 times in any hour, however often it is asked for', () => {
    const clock = handClock()
    const budget = createRequestBudget(clock)
    const sentAtMs: number[] = []
    for (let at = 0; at < 10 * HOUR_MS; at += 1000) {
      if (!budget('pull room:1 7')) sentAtMs.push(at)
      clock.advance(1000)
    }
    const inHour = (from: number) => sentAtMs.filter((at) => at >= from && at < from + HOUR_MS).length
    expect(Math.max(...sentAtMs.map(inHour))).toBe(EQUAL_AT_ONCE + HOUR_MS / EQUAL_EVERY_MS - 1)
    expect(inHour(9 * HOUR_MS)).toBe(HOUR_MS / EQUAL_EVERY_MS)
  })

  it('waits until it may be sent, says for how long, and may then', () => {
    const clock = handClock()
    const budget = createRequestBudget(clock)
    for (let count = 0; count < EQUAL_AT_ONCE; count++) expect(budget('same')).toBeUndefined()
    clock.advance(20_000)
    const refusal = budget('same')
    expect(refusal).toMatchObject({ code: 'rate-limited', retryable: true, afterMs: EQUAL_EVERY_MS - 20_000 })
    clock.advance(refusal?.afterMs ?? 0)
    expect(budget('same')).toBeUndefined()
    expect(budget('same')).toBeDefined()
  })

  it('does not hold up another one, and rests for good', () => {
    const clock = handClock()
    const budget = createRequestBudget(clock)
    for (let count = 0; count < EQUAL_AT_ONCE; count++) budget('same')
    expect(budget('other')).toBeUndefined()
    clock.advance(EQUAL_AT_ONCE * EQUAL_EVERY_MS)
    for (let count = 0; count < EQUAL_AT_ONCE; count++) expect(budget('same')).toBeUndefined()
  })

  it('is remembered with a bound, the one that is sent again and again longest', () => {
    const budget = createRequestBudget(handClock())
    for (let count = 0; count < EQUAL_AT_ONCE; count++) {
      budget('same')
      for (let other = 0; other < REQUESTS_REMEMBERED_MAX / 2; other++) budget(`${count} ${other}`)
    }
    expect(budget('same')).toBeDefined()
    for (let other = 0; other < REQUESTS_REMEMBERED_MAX; other++) budget(`once more ${other}`)
    expect(budget('same')).toBeUndefined()
  })
})
