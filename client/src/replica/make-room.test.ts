// Goal: a device without room gives up what the server gives again, and nothing else. Method: a storage in memory that takes no row
// until documents are deleted from it.
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { type MemoryStorage, memoryStorage } from './memory-storage.ts'
import { done, refusal, rows, texts } from './model/open-core.ts'
import { createReplicaCore } from './replica-core.ts'
import { FORMAT } from './rows.ts'
import type { ReplicaStorage } from './storage.ts'
import { StorageError } from './storage-error.ts'

/** A disk that takes no row while `full`; deleted documents make room for as many units as `roomFor` says. */
function smallDisk(disk: MemoryStorage) {
  const state = { full: false, roomFor: 0, refused: 0, freed: 0 }
  const storage: ReplicaStorage = {
    ...disk,
    write: (tables, durability, work) =>
      disk.write(tables, durability, async (tx) => {
        const unit = await work(tx)
        const puts = unit.writes.some((write) => 'put' in write)
        if (state.full && unit.writes.length > 0) {
          if (!puts) state.freed++
          else if (state.freed === 0 || state.roomFor-- <= 0) {
            if (++state.refused > 50) throw new Error('tried again and again')
            throw new StorageError('full', 'no room')
          }
        }
        return unit
      }),
  }
  return { state, storage }
}

/** Three whole copies with a message each: one held, one that a pending mutation touches, one spare; one refused, one in the tail. */
async function lived() {
  const disk = memoryStorage()
  const { state, storage } = smallDisk(disk)
  const clock = handClock()
  const isHeld = (space: string) => ['room:held', 'room:deep'].includes(space)
  const core = await createReplicaCore({ app: chatApp, storage, clock, random: seededRandom(1), user: 'alice', isHeld })
  for (const space of ['room:held', 'room:touched', 'room:spare'])
    await core.apply(rangeOf(0, 1, [message(1, 'a', `in ${space}`)], { space: space as never }))
  const ended = await core.mutate('room:spare', 'send', { id: 'done', text: 'done' })
  const refused = await core.mutate('room:spare', 'send', { id: 'no', text: 'refused' })
  await core.settle([done(ended.n, ended.nonce, { 'room:spare': 1 }), refusal(refused.n, refused.nonce)])
  await core.mutate('room:touched', 'send', { id: 'mine', text: 'pending' })
  return { core, state, disk, clock }
}
const spaces = async (core: Awaited<ReturnType<typeof lived>>['core']) => (await rows(core, 'copies')).map(({ space }) => space)

describe('a full disk', () => {
  it('takes a mutation after copies that nobody holds were given up; what was written, and what lies under it, stays', async () => {
    const { core, state } = await lived()
    const kept = ['refused', 'tail']
    const before = await Promise.all(kept.map((table) => rows(core, table)))
    Object.assign(state, { full: true, roomFor: 1 })
    await core.mutate('room:held', 'send', { id: 'new', text: 'new' })
    expect(state).toMatchObject({ refused: 1, freed: 1 })
    expect(await spaces(core)).toEqual(['room:held', 'room:touched'])
    expect(await texts(core, 'room:held')).toEqual(['in room:held', 'new?'])
    expect(await texts(core, 'room:touched')).toEqual(['in room:touched', 'pending?'])
    expect([await texts(core, 'room:spare'), core.shownAs('room:spare')]).toEqual([[], 0])
    expect((await rows(core, 'room_messages')).length).toBe(4)
    expect(await Promise.all(kept.map((table) => rows(core, table)))).toEqual(before)
    expect((await core.pending()).map(({ args }) => args.text)).toEqual(['pending', 'new'])
    expect(await core.audit()).toEqual({ created: 4, confirmed: 1, refused: 1, pending: 2, discarded: 0 })
    expect((await core.standings(['room:spare'])).get('room:spare')?.version).toBe(0)
  })

  it('takes a range likewise, and a space that was given up is read again from its beginning', async () => {
    const { core, state } = await lived()
    Object.assign(state, { full: true, roomFor: 1 })
    expect((await core.apply(rangeOf(1, 2, [message(2, 'b', 'more')], { space: 'room:held' as never }))).verdict).toBe('news')
    expect(await texts(core, 'room:held')).toEqual(['in room:held', 'more'])
    state.full = false
    await core.apply(rangeOf(0, 2, [message(1, 'a', 'again'), message(2, 'b', 'and more')], { space: 'room:spare' as never }))
    expect(await texts(core, 'room:spare')).toEqual(['again', 'and more'])
  })

  it('what was still to be swept goes at once, and the sweep ends well', async () => {
    const { core, state, clock } = await lived()
    await core.drop('room:held')
    Object.assign(state, { full: true, roomFor: 1 })
    await core.mutate('room:touched', 'send', { id: 'new', text: 'new' })
    expect((await rows(core, 'room_messages')).length).toBe(3)
    state.full = false
    clock.advance(10_000)
    await core.audit()
    expect((await rows(core, 'self'))[0]?.garbage).toEqual([])
  })

  it('that stays full refuses the call after one more try, with nothing of it saved, and takes the next one once there is room', async () => {
    const { core, state, disk } = await lived()
    Object.assign(state, { full: true, roomFor: 0 })
    const pending = await core.pending()
    await expect(core.mutate('room:held', 'send', { id: 'new', text: 'new' })).rejects.toMatchObject({
      code: 'unavailable',
      trouble: 'full',
    })
    expect(state).toMatchObject({ refused: 2, freed: 1 })
    const dump = disk.dump()
    await expect(core.mutate('room:held', 'send', { id: 'new', text: 'new' })).rejects.toMatchObject({ trouble: 'full' })
    expect([state.refused, disk.dump(), await core.pending()]).toEqual([3, dump, pending])
    state.full = false
    await core.mutate('room:held', 'send', { id: 'new', text: 'new' })
    expect((await core.pending()).length).toBe(pending.length + 1)
  })

  it('is tried once more, not again and again, while something is left to be swept', async () => {
    const { core, state } = await lived()
    await core.drop('room:held')
    Object.assign(state, { full: true, roomFor: 0 })
    await expect(core.mutate('room:touched', 'send', { id: 'new', text: 'new' })).rejects.toMatchObject({ trouble: 'full' })
    expect(state).toMatchObject({ refused: 2, freed: 1 })
  })

  it('takes no page of older documents, and says so', async () => {
    const { core, state, disk } = await lived()
    const space = 'room:deep' as never
    const cut = rangeOf(0, 10, [message(9, 'z', 'newest')], { space, compacted: true, floors: { messages: 5 } })
    await core.apply(cut)
    Object.assign(state, { full: true, roomFor: 0 })
    const dump = () => JSON.parse(disk.dump()).room_messages.length
    // Of the spare copy one goes.
    const before = dump() - 1
    const page = async () => ({ docs: [message(4, 'old', 'old')], floor: 0, head: 10, seal: cut.seal }) as never
    const older = core.takeOlder(space, 'messages', { page, holds: async () => true })
    await expect(older).rejects.toMatchObject({ trouble: 'full' })
    expect(dump()).toEqual(before)
    state.full = false
    expect(await core.takeOlder(space, 'messages', { page, holds: async () => true })).toMatchObject({ added: 1, floor: 0 })
  })

  it('is no refusal by the server: what fails after an ack is pending still, and done by its next', async () => {
    const { core, state } = await lived()
    const [mutation] = await core.pending()
    const ack = done(mutation?.n ?? 0, mutation?.nonce ?? '', { 'room:touched': 2 })
    Object.assign(state, { full: true, roomFor: 0 })
    await expect(core.settle([ack])).rejects.toMatchObject({ trouble: 'full' })
    expect([(await core.pending()).length, (await core.refused()).length]).toEqual([1, 1])
    state.full = false
    await core.settle([ack])
    expect(await core.audit()).toEqual({ created: 3, confirmed: 2, refused: 1, pending: 0, discarded: 0 })
  })
})

describe('storage that a newer build has changed', () => {
  it('is read, and written no more: the app is to be loaded again [P13]', async () => {
    const { core, disk } = await lived()
    const [self] = await rows(core, 'self')
    await disk.write(['self'], 'strict', async () => ({
      result: undefined,
      writes: [{ table: 'self', put: [{ ...self, minWriter: FORMAT + 1 }] }],
    }))
    const dump = disk.dump()
    const outdated = { code: 'upgrade-required', trouble: 'outdated', message: expect.stringMatching(/reload/) }
    await expect(core.mutate('room:held', 'send', { id: 'new', text: 'new' })).rejects.toMatchObject(outdated)
    await expect(core.apply(rangeOf(1, 2, [message(2, 'b', 'more')], { space: 'room:held' as never }))).rejects.toMatchObject(outdated)
    await expect(core.settle([refusal(3, (await core.pending())[0]?.nonce ?? '')])).rejects.toMatchObject(outdated)
    await expect(core.drop('room:held')).rejects.toMatchObject(outdated)
    expect(disk.dump()).toBe(dump)
    expect(await texts(core, 'room:held')).toEqual(['in room:held'])
    const again = await createReplicaCore({
      app: chatApp,
      storage: disk.reopen(),
      clock: handClock(),
      random: seededRandom(2),
      user: 'alice',
    })
    expect([again.clientId, disk.dump()]).toEqual([core.clientId, dump])
  })
})
