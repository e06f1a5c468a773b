// Two tabs that both think they lead: what the earlier one does of the outbox counts no more, in the transaction in which it does it.
import { describe, expect, it } from 'vitest'
import { memoryStorage } from './memory-storage.ts'
import { code, done, openCore, refusal, room } from './model/open-core.ts'

const bounds = { mutationsMax: 100, bytesMax: 1e6 }

/** Two tabs of one device, of which the second took the lead from the first; a mutation is pending. */
async function twoTabs() {
  const storage = memoryStorage()
  const { core: first } = await openCore({ storage })
  const { core: second } = await openCore({ storage: storage.reopen(), seed: 2 })
  const { nonce } = await second.mutate(room, 'send', { id: 'm', text: 'hi' })
  expect([await first.lead(), await second.lead()]).toEqual([1, 2])
  return { storage, first, second, nonce }
}

describe('a tab that led', () => {
  it('asks, sends, settles and heals nothing any more, and writes nothing', async () => {
    const { first, nonce, storage } = await twoTabs()
    const { client } = { client: first.clientId }
    const before = storage.dump()
    expect(
      await Promise.all([
        code(first.asker()),
        code(first.batch(bounds)),
        code(first.settle([done(1, nonce, { [room]: 1 })])),
        code(first.settle([refusal(1, nonce)], { client, epoch: 0 })),
        code(first.settle([], { client, epoch: 0, error: { code: 'client-conflict', message: '', n: 1 } })),
        code(first.welcomed({ client, settled: 0 }, [7, 'ffffffffffffffff'])),
      ]),
    ).toEqual(Array.from({ length: 6 }, () => 'unavailable'))
    expect(storage.dump()).toBe(before)
  })

  it('saves, and shows ranges, as any tab does', async () => {
    const { first, second, nonce } = await twoTabs()
    await first.mutate(room, 'send', { id: 'n', text: 'hello' })
    expect((await second.batch(bounds))?.mutations.map(({ n }) => n)).toEqual([1, 2])
    await second.settle([done(1, nonce, { [room]: 1 })])
    expect(await first.audit()).toMatchObject({ created: 2, confirmed: 1, pending: 1 })
  })

  it('leads again by a higher number', async () => {
    const { first, second } = await twoTabs()
    expect(await first.lead()).toBe(3)
    expect(await code(first.batch(bounds))).toBe('fine')
    expect(await code(second.batch(bounds))).toBe('unavailable')
  })

  it('is held to the number it had until it has a new one', async () => {
    const { first, nonce } = await twoTabs()
    const late = code(first.settle([done(1, nonce, { [room]: 1 })]))
    expect(await Promise.all([first.lead(), late])).toEqual([3, 'unavailable'])
    expect(await first.audit()).toMatchObject({ confirmed: 0, pending: 1 })
  })

  it('who never leads is not asked who leads: a worker that sends in the background, a browser without locks', async () => {
    const { storage } = await twoTabs()
    const { core } = await openCore({ storage: storage.reopen(), seed: 3 })
    expect(await code(core.batch(bounds))).toBe('fine')
  })
})

describe('a tab that follows', () => {
  it('[M5] tells of what the one that leads has healed, and under which client id it goes on', async () => {
    const { first, second, nonce } = await twoTabs()
    expect(await first.healed()).toBe(undefined)
    await second.settle([done(1, nonce, { [room]: 1 })])
    await second.mutate(room, 'send', { id: 'n', text: 'hello' })
    const batch = await second.batch(bounds)
    const error = { code: 'out-of-order', message: '', n: 2, expected: 1 }
    await second.settle([], { client: second.clientId, epoch: batch?.epoch, error })
    await second.settle([done(1, nonce, { [room]: 1 })])
    expect(await first.healed()).toMatchObject({ offeredAgain: 1, kept: 1 })
    await second.welcomed(await second.asker(), [9, 'ffffffffffffffff'])
    await first.healed()
    expect(first.clientId).toBe(second.clientId)
  })
})
