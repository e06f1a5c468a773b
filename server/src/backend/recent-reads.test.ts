import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import type { EncodedRange } from './backend.ts'
import { READ_WITHIN_MS } from './bounds.ts'
import { RecentReads } from './recent-reads.ts'

const range = (text: string) => ({ text }) as EncodedRange

function world() {
  const clock = new VirtualClock()
  const recent = new RecentReads(clock, 10, 1000)
  let reads = 0
  const read = (answer: Promise<EncodedRange>) => () => {
    reads += 1
    return answer
  }
  return { clock, recent, read, reads: () => reads }
}

describe('ranges read lately', () => {
  it('answer who asks for the same while the space is in the state in which they were read', async () => {
    const { recent, read, reads } = world()
    const first = range('x')
    expect(await recent.of('a', '5 a 0 0', read(Promise.resolve(first)))).toBe(first)
    expect(await recent.of('a', '5 a 0 0', read(Promise.resolve(range('y'))))).toBe(first)
    expect(reads()).toBe(1)
    for (const [key, state] of [
      ['b', '5 a 0 0'],
      ['a', '6 b 0 0'],
      ['a', '5 a 0 4'],
    ] as const)
      expect(await recent.of(key, state, read(Promise.resolve(range('z'))))).toEqual(range('z'))
    expect(reads()).toBe(4)
  })

  it('one that is under way answers who asks for the same meanwhile, and nobody who asks of another state', async () => {
    const { recent, read, reads } = world()
    const { promise, resolve } = Promise.withResolvers<EncodedRange>()
    const waiting = Array.from({ length: 100 }, () => recent.of('a', '5 a 0 0', read(promise)))
    expect(await recent.of('a', '6 b 0 0', read(Promise.resolve(range('newer'))))).toEqual(range('newer'))
    resolve(range('x'))
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => range('x')))
    expect(reads()).toBe(2)
  })

  it('one that failed is the error of who waited, and is read again for the next', async () => {
    const { recent, read } = world()
    const failing = Promise.reject(new Error('a fault of the engine'))
    const both = [recent.of('a', '1 a 0 0', read(failing)), recent.of('a', '1 a 0 0', read(failing))]
    for (const answer of both) await expect(answer).rejects.toThrow('a fault of the engine')
    expect(await recent.of('a', '1 a 0 0', read(Promise.resolve(range('x'))))).toEqual(range('x'))
  })

  it('one that never ends is unavailable in time, and holds up nobody who comes after', async () => {
    const { clock, recent, read } = world()
    const answer = Promise.resolve(recent.of('a', '1 a 0 0', read(new Promise(() => {})))).catch((error) => error)
    await clock.pass(READ_WITHIN_MS)
    expect(await answer).toMatchObject({ code: 'unavailable' })
    expect(await recent.of('a', '1 a 0 0', read(Promise.resolve(range('x'))))).toEqual(range('x'))
    expect(clock.timers).toBe(0)
  })
})
