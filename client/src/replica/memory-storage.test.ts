// What tests and runs in memory need beside the contract: death, restarts, copies of a device.
import { describe, expect, it } from 'vitest'
import { message, rangeOf } from '../testing/ranges.ts'
import { memoryStorage } from './memory-storage.ts'
import { openCore, texts } from './model/open-core.ts'
import type { ReplicaStorage } from './storage.ts'

describe('memory storage', () => {
  it('a crash at any step of a unit leaves the state before it or after it', async () => {
    for (let steps = 0; steps < 60; steps++) {
      const { core, storage } = await openCore()
      await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
      await core.mutate('room:1', 'edit', { id: 'a', text: 'mine' })
      const before = storage.dump()
      const applied = core.apply(rangeOf(1, 2, [message(2, 'b', 'two')])).then(() => 'applied')
      for (let step = 0; step < steps; step++) await Promise.resolve()
      storage.crash()
      const { core: again } = await openCore({ storage: storage.reopen() })
      const standing = (await again.standings(['room:1'])).get('room:1')
      if (standing?.version === 1) expect(storage.dump()).toBe(before)
      else expect([await texts(again), standing?.version]).toEqual([['mine?', 'two'], 2])
      // Who died before the commit never answers.
      const answer = await Promise.race([applied, new Promise((resolve) => setTimeout(resolve, 0, 'silent'))])
      if (standing?.version === 1) expect(answer).toBe('silent')
    }
  })

  it('a handle that dies while its unit waits lets nobody pass the one that runs', async () => {
    const first = memoryStorage()
    const [second, third] = [first.reopen(), first.reopen()]
    const order: string[] = []
    const unit = (storage: ReplicaStorage, name: string, until: Promise<void>) =>
      storage.write(['self'], 'strict', async () => {
        order.push(`${name} begins`)
        await until
        order.push(`${name} ends`)
        return { result: undefined, writes: [] }
      })
    let end = () => {}
    const runs = unit(first, 'first', new Promise((resolve) => (end = resolve)))
    void unit(second, 'second', Promise.resolve())
    const last = unit(third, 'third', Promise.resolve())
    second.crash()
    await new Promise((resolve) => setTimeout(resolve, 0))
    end()
    await Promise.all([runs, last])
    expect(order).toEqual(['first begins', 'first ends', 'third begins', 'third ends'])
  })

  it('a clone is a device of its own, and a restore sets one back', async () => {
    const { core, storage } = await openCore()
    await core.mutate('room:1', 'send', { id: 'm', text: 'one' })
    const backup = storage.clone()
    await core.mutate('room:1', 'send', { id: 'n', text: 'two' })
    const { core: copied } = await openCore({ storage: backup.reopen() })
    expect([await texts(core), await texts(copied)]).toEqual([['one?', 'two?'], ['one?']])
    storage.restore(backup)
    expect(storage.dump()).toBe(backup.dump())
    expect((await core.mutate('room:1', 'send', { id: 'o', text: 'three' })).n).toBe(2)
    expect(memoryStorage().dump()).toBe('{}')
  })
})
