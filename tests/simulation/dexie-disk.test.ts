import { handClock, type Row } from '@tidemark/client/testing'
import { describe, expect, it } from 'vitest'
import { dexieDisk } from './dexie-disk.ts'
import type { DiskFault, DiskHandle } from './disk.ts'

/** Longer than any deadline of a storage, in ms. */
const DEADLINE_MS = 15_000

const save = ({ storage }: DiskHandle, durability: 'strict' | 'relaxed', ...rows: Row[]) =>
  storage.write(['outbox'], durability, async (tx) => {
    await tx.list('outbox')
    return { result: rows.length, writes: [{ table: 'outbox', put: rows }] }
  })
async function turns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
}
/** A disk with one row, and a tab on it. */
async function openDisk() {
  const disk = dexieDisk()
  const clock = handClock()
  const crashes: string[] = []
  const tab = disk.open(clock, () => {
    crashes.push('crash')
    tab.crash()
  })
  await save(tab, 'strict', { n: 1 })
  const numbers = () => [...disk.rows('outbox').keys()]
  const strike = (kind: DiskFault['kind'], written = false) => disk.strike({ kind, written, afterUnits: 0 })
  return { disk, clock, crashes, tab, numbers, strike }
}

describe('what happens to a disk with Dexie on it', () => {
  it.each([true, false])('a browser that dies in a unit that has written (%s) leaves all of it or nothing', async (written) => {
    const { disk, tab, numbers, crashes, strike } = await openDisk()
    strike('crash', written)
    void save(tab, 'strict', { n: 2 }, { n: 3 })
    await turns()
    expect([crashes, numbers(), disk.units]).toEqual([['crash'], written ? [1, 2, 3] : [1], 0])
  })

  it.each([true, false])('a unit whose handle was lost runs again, also where it had written (%s)', async (written) => {
    const { tab, numbers, strike } = await openDisk()
    let runs = 1
    strike('lost', written)
    await tab.storage.write(['outbox'], 'strict', async (tx) => {
      await tx.list('outbox')
      return { result: ++runs, writes: [{ table: 'outbox', put: [{ n: runs }] }] }
    })
    // It is lost under the first read, or once all is written.
    expect([runs, numbers()]).toEqual(written ? [3, [1, 2, 3]] : [2, [1, 2]])
  })

  it('one whose handles are lost again and again, or that hangs twice, or has no room, is rejected; then it works again', async () => {
    const { tab, clock, numbers, strike } = await openDisk()
    strike('gone')
    await expect(save(tab, 'strict', { n: 2 })).rejects.toMatchObject({ trouble: 'failing' })
    strike('quota')
    await expect(save(tab, 'strict', { n: 2 })).rejects.toMatchObject({ trouble: 'full' })
    strike('hang')
    strike('hang')
    const hung = expect(save(tab, 'strict', { n: 2 })).rejects.toMatchObject({ trouble: 'stalled' })
    for (let deadline = 0; deadline < 2; deadline++) {
      await turns()
      clock.advance(DEADLINE_MS)
    }
    await hung
    await save(tab, 'strict', { n: 3 })
    expect(numbers()).toEqual([1, 3])
  })

  it('slow units keep their order', async () => {
    const { disk, clock, tab, numbers } = await openDisk()
    const delays = [20, 1]
    disk.slowness = () => delays.shift() as number
    const both = [save(tab, 'strict', { n: 5 }), save(tab, 'strict', { n: 2 })]
    const order: number[] = []
    disk.onCommit((changed) => order.push(...((changed.get('outbox') ?? []) as Iterable<number>)))
    for (let ms = 0; ms < 30; ms++) {
      clock.advance(1)
      await turns()
    }
    await Promise.all(both)
    expect([order, numbers()]).toEqual([
      [5, 2],
      [1, 2, 5],
    ])
  })

  it('without power the relaxed commits after the last strict one are gone; rolled back, as many as asked for; a copy has all', async () => {
    const { disk, tab, numbers } = await openDisk()
    for (const [at, durability] of (['relaxed', 'strict', 'relaxed', 'relaxed'] as const).entries())
      await save(tab, durability, { n: at + 2 })
    const copy = disk.clone()
    disk.losePower()
    expect(numbers()).toEqual([1, 2, 3])
    disk.rollBack(2)
    expect([numbers(), [...copy.rows('outbox').keys()]]).toEqual([[1], [1, 2, 3, 4, 5]])
    const copied = copy.open(handClock(), () => {})
    await save(copied, 'strict', { n: 6 })
    expect([numbers(), [...copy.rows('outbox').keys()]]).toEqual([[1], [1, 2, 3, 4, 5, 6]])
  })

  it('that is cleared is empty, also for a tab that is open', async () => {
    const { disk, tab, numbers } = await openDisk()
    disk.evict()
    expect(numbers()).toEqual([])
    expect(await tab.storage.read(['outbox'], (tx) => tx.list('outbox'))).toEqual([])
  })
})
