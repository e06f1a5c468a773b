import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { Paces } from './paces.ts'

const pace = { perS: 2, burst: 3 }

describe('paces', () => {
  it('lets a burst through, then so many a second, and says when there is one more', async () => {
    const clock = new VirtualClock()
    const paces = new Paces(clock, 10)
    const take = () => paces.take([{ key: 'a', pace }])
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500])
    await clock.pass(499)
    expect(take()).toBe(1)
    await clock.pass(1)
    expect([take(), take()]).toEqual([0, 500])
    await clock.pass(60_000)
    expect([take(), take(), take(), take()]).toEqual([0, 0, 0, 500])
  })

  it('takes of all buckets or of none', async () => {
    const paces = new Paces(new VirtualClock(), 10)
    const both = [
      { key: 'narrow', pace: { perS: 1, burst: 1 } },
      { key: 'wide', pace },
    ]
    expect(paces.take(both)).toBe(0)
    expect(paces.take(both)).toBe(1000)
    expect([0, 0].map(() => paces.take([{ key: 'wide', pace }]))).toEqual([0, 0])
  })

  it('remembers a bounded number, of who came last', () => {
    const paces = new Paces(new VirtualClock(), 2)
    const one = { perS: 1, burst: 1 }
    const take = (key: string) => paces.take([{ key, pace: one }])
    expect(['a', 'b', 'a', 'c'].map(take)).toEqual([0, 0, 1000, 0])
    expect(['a', 'b'].map(take)).toEqual([1000, 0])
  })
})
