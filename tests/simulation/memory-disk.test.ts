import { describeReplicaStorage, handClock, type Row } from '@tidemark/client/testing'
import { describe, expect, it } from 'vitest'
import type { DiskFault, DiskHandle } from './disk.ts'
import { memoryDisk } from './memory-disk.ts'

describeReplicaStorage('simulated disk', { describe, it, expect }, { open: async () => memoryDisk().open(handClock(), () => {}).storage })

const save = ({ storage }: DiskHandle, durability: 'strict' | 'relaxed', ...rows: Row[]) =>
  storage.write(['outbox'], durability, async (tx) => {
    await tx.list('outbox')
    return { result: rows.length, writes: [{ table: 'outbox', put: rows }] }
  })

function openDisk() {
  const disk = memoryDisk()
  const clock = handClock()
  const crashes: string[] = []
  const tab: DiskHandle = disk.open(clock, () => {
    crashes.push('crash')
    tab.crash()
  })
  const numbers = () => [...disk.rows('outbox').keys()]
  const strike = (kind: DiskFault['kind'], written: boolean) => disk.strike({ kind, written, afterUnits: 1 })
  return { disk, clock, crashes, tab, numbers, strike }
}

describe('what happens to a simulated disk', () => {
  it('a fault strikes the unit that it is meant for, once', async () => {
    const { tab, numbers, strike } = openDisk()
    strike('quota', false)
    await save(tab, 'strict', { n: 1 })
    await expect(save(tab, 'strict', { n: 2 })).rejects.toMatchObject({ code: 'unavailable' })
    await save(tab, 'strict', { n: 3 })
    expect(numbers()).toEqual([1, 3])
  })

  it.each([true, false])('a browser that dies in a unit that has written (%s) leaves all of it or nothing', async (written) => {
    const { tab, numbers, crashes, strike } = openDisk()
    strike('crash', written)
    await save(tab, 'strict', { n: 1 })
    void save(tab, 'strict', { n: 2 }, { n: 3 })
    void save(tab, 'strict', { n: 4 })
    await new Promise(setImmediate)
    expect([crashes, numbers()]).toEqual([['crash'], written ? [1, 2, 3] : [1]])
  })

  it.each([true, false])('a unit whose handle was lost runs again, also where it had written (%s)', async (written) => {
    const { tab, numbers, strike } = openDisk()
    let runs = 0
    strike('lost', written)
    await save(tab, 'strict', { n: 1 })
    await tab.storage.write(['outbox'], 'strict', async () => ({ result: ++runs, writes: [{ table: 'outbox', put: [{ n: 1 + runs }] }] }))
    expect([runs, numbers()]).toEqual([2, written ? [1, 2, 3] : [1, 3]])
  })

  it('a unit that hangs holds up the others until its deadline', async () => {
    const { tab, clock, numbers, strike } = openDisk()
    strike('hang', true)
    await save(tab, 'strict', { n: 1 })
    const hung = expect(save(tab, 'strict', { n: 2 })).rejects.toMatchObject({ code: 'unavailable' })
    const next = save(tab, 'strict', { n: 3 })
    await new Promise(setImmediate)
    expect(numbers()).toEqual([1, 2])
    clock.advance(15_000)
    await hung
    await next
    expect(numbers()).toEqual([1, 2, 3])
  })

  it('a tab that dies while its unit waits lets nobody pass the one that runs', async () => {
    const { disk, clock, tab, numbers } = openDisk()
    const [second, third] = [disk.open(clock, () => {}), disk.open(clock, () => {})]
    disk.slowness = () => 10
    const first = save(tab, 'strict', { n: 1 })
    void save(second, 'strict', { n: 2 })
    second.crash()
    const last = save(third, 'strict', { n: 3 })
    await new Promise(setImmediate)
    clock.advance(10)
    await first
    expect(numbers()).toEqual([1])
    await new Promise(setImmediate)
    clock.advance(10)
    await last
    expect(numbers()).toEqual([1, 3])
  })

  it('without power the relaxed commits after the last strict one are gone; rolled back, as many as asked for', async () => {
    const { disk, tab, numbers } = openDisk()
    for (const [n, durability] of (['strict', 'relaxed', 'strict', 'relaxed', 'relaxed'] as const).entries())
      await save(tab, durability, { n })
    const copy = disk.clone()
    disk.losePower()
    expect(numbers()).toEqual([0, 1, 2])
    disk.rollBack(2)
    expect(numbers()).toEqual([0])
    expect([...copy.rows('outbox').keys()]).toEqual([0, 1, 2, 3, 4])
  })
})
