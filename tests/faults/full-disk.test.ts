// Goal: wherever in a unit of IndexedDB a disk turns out to be full, the unit has written nothing, says so in words that help, and the next
// one works. Method: a strict IndexedDB whose steps report QuotaExceededError, one after the other.
import {
  chatApp,
  createReplicaCore,
  dexieStorage,
  handClock,
  message,
  type ReplicaCore,
  rangeOf,
  seededRandom,
} from '@tidemark/client/testing'
import { IDBKeyRange } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import { type StrictProcess, strictDisk } from '../harness/strict-indexeddb.ts'

const room = 'room:1'
const NAME = 'full'

/** Alice's replica with one message of another's, one pending of hers, and a copy that nobody holds. */
async function lived() {
  const disk = strictDisk()
  const process = disk.start()
  const storage = dexieStorage({ name: NAME, app: chatApp, clock: handClock(), indexedDB: process, IDBKeyRange })
  const isHeld = (space: string) => space === room
  const core = await createReplicaCore({ app: chatApp, storage, clock: handClock(), random: seededRandom(1), user: 'alice', isHeld })
  await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
  await core.apply(rangeOf(0, 1, [message(1, 'a', 'elsewhere')], { space: 'room:spare' as never }))
  await core.mutate(room, 'send', { id: 'mine', text: 'pending' })
  return { core, disk, process }
}
const settled = async (core: ReplicaCore) => {
  const [first] = await core.pending()
  return core.settle([{ n: first?.n ?? 0, nonce: first?.nonce ?? '', in: { [room]: 2 } } as never])
}
const UNITS: Readonly<Record<string, (core: ReplicaCore) => Promise<unknown>>> = {
  'a mutation': (core) => core.mutate(room, 'send', { id: 'new', text: 'new' }),
  'a range': (core) => core.apply(rangeOf(1, 2, [message(2, 'b', 'two'), message(2, 'c', 'three')])),
  'an ack': settled,
}
/** A step of a unit that writes; `of` them fail from number `first` on. */
function fullFrom(process: StrictProcess, first: number, of: number): { reached(): boolean } {
  let step = 0
  process.fail = ({ mode, kind }) => {
    if (mode !== 'readwrite' || kind === 'complete') return undefined
    step++
    return step >= first && step < first + of ? 'quota' : undefined
  }
  return { reached: () => step >= first }
}

describe.each(Object.entries(UNITS))('%s on a disk that is full', (_, unit) => {
  it('at one step of it is saved all the same, after what the server gives again was given up', async () => {
    let failed = 0
    const { core: spared } = await lived()
    await unit(spared)
    const saved = await spared.pending()
    for (let at = 1; ; at++) {
      const { core, disk, process } = await lived()
      const { reached } = fullFrom(process, at, 1)
      await unit(core)
      process.fail = undefined
      expect((await core.pending()).map(({ n, args }) => [n, args])).toEqual(saved.map(({ n, args }) => [n, args]))
      if (!reached()) break
      // Reading needs no room.
      if (core.shownAs('room:spare') > 0) continue
      failed++
      expect(disk.dump(NAME)).not.toContain('room:spare')
    }
    expect(failed).toBeGreaterThan(3)
  })

  it('from any step of it on is not saved at all, and is when there is room again', async () => {
    for (let at = 1; ; at++) {
      const { core, disk, process } = await lived()
      const before = disk.dump(NAME)
      const { reached } = fullFrom(process, at, Infinity)
      const outcome = await unit(core).then(
        () => 'saved',
        (error) => error.trouble,
      )
      process.fail = undefined
      if (!reached()) break
      expect([outcome, disk.dump(NAME)]).toEqual(['full', before])
      await unit(core)
      expect(disk.dump(NAME)).not.toBe(before)
    }
  })
})
