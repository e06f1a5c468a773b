// What only the memory engine can do: backups and restores under the feet of who is connected.
import { describe, expect, it } from 'vitest'
import type { NewChange } from '../changelog.ts'
import { memoryChangelog } from './memory-changelog.ts'

const put = (id: string, doc: unknown): NewChange => ({
  collection: 'messages',
  id,
  creator: 'alice',
  created: 'now',
  doc: JSON.stringify(doc),
})

describe('memoryChangelog', () => {
  it('goes back to a backup, and a changelog made from one goes its own way', async () => {
    const changelog = memoryChangelog()
    await changelog.write((tenant) => tenant('t').commit('room:1', [put('a', 1)], undefined, 0))
    const backup = changelog.snapshot()
    await changelog.write((tenant) => tenant('t').commit('room:1', [put('b', 2)], undefined, 0))
    const lost = await changelog.read('t', (tx) => tx.head('room:1'))
    const fork = memoryChangelog(backup)
    await fork.write((tenant) => tenant('t').commit('room:1', [put('c', 3)], undefined, 0))
    changelog.restore(backup)
    expect(await changelog.read('t', (tx) => tx.head('room:1'))).toMatchObject({ version: 1 })
    expect(await changelog.read('t', (tx) => tx.document('room:1', 'messages', 'b'))).toBeUndefined()
    const forked = await fork.read('t', (tx) => tx.head('room:1'))
    expect(forked.version).toBe(lost.version)
    expect(forked.seal).not.toBe(lost.seal)
  })

  it('a reader who comes during a write sees what was committed, though an earlier reader leaves meanwhile', async () => {
    const changelog = memoryChangelog()
    const set = (n: number) => changelog.write((tenant) => tenant('t').commit('room:1', [put('a', n)], undefined, 0))
    await set(1)
    let leave = (): void => undefined
    const left = new Promise<void>((resolve) => {
      leave = resolve
    })
    const early = changelog.read('t', () => left)
    await set(2)
    await changelog.write(async (tenant) => {
      await tenant('t').commit('room:1', [put('a', 3)], undefined, 0)
      leave()
      await early
      expect(await changelog.read('t', (tx) => tx.document('room:1', 'messages', 'a'))).toMatchObject({ version: 2, doc: '2' })
    })
  })

  it('takes a backup of what is committed only, and a restore fails the write that is under way', async () => {
    const changelog = memoryChangelog()
    const empty = changelog.snapshot()
    const write = changelog.write(async (tenant) => {
      await tenant('t').commit('room:1', [put('a', 1)], undefined, 0)
      expect(await memoryChangelog(changelog.snapshot()).read('t', (tx) => tx.head('room:1'))).toMatchObject({ version: 0 })
      changelog.restore(empty)
    })
    await expect(write).rejects.toMatchObject({ code: 'unavailable' })
    expect(await changelog.read('t', (tx) => tx.head('room:1'))).toMatchObject({ version: 0 })
    await changelog.write((tenant) => tenant('t').commit('room:1', [put('a', 1)], undefined, 0))
    expect(await changelog.read('t', (tx) => tx.head('room:1'))).toMatchObject({ version: 1 })
  })
})
