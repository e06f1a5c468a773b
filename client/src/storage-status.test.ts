// Goal: an app is told what its device's storage does, and what it has lost, in one small object. Method: a replica on a storage in
// memory that fails, or is replaced by an empty one, beside a device that remembers a few texts.
import { firstValueFrom } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { createReplica } from './create-replica.ts'
import type { Device } from './device.ts'
import { DEVICE_MS_MAX } from './loss-mark.ts'
import { type MemoryStorage, memoryStorage } from './replica/memory-storage.ts'
import { rows } from './replica/model/open-core.ts'
import type { ReplicaStorage } from './replica/storage.ts'
import { StorageError, type StorageTrouble } from './replica/storage-error.ts'
import { alicesWorld } from './testing/alices-world.ts'
import { handClock } from './testing/hand-clock.ts'
import { seededRandom } from './testing/seeded-random.ts'

/** A device that remembers, and grants what it is asked for. */
function fakeDevice() {
  const texts = new Map<string, string>()
  let granted = false
  const device: Device = {
    recall: (key) => texts.get(key),
    remember: (key, text) => void (text === undefined ? texts.delete(key) : texts.set(key, text)),
    persisted: async (ask) => (granted ||= ask),
  }
  return { device, texts }
}
/** Storage that fails while `trouble` is set, in units of these kinds. */
function failing(storage: ReplicaStorage) {
  const state: { trouble?: StorageTrouble; kinds: string[] } = { kinds: ['read', 'strict', 'relaxed'] }
  const unless = <T>(kind: string, work: () => Promise<T>) =>
    state.trouble && state.kinds.includes(kind) ? Promise.reject(new StorageError(state.trouble, 'no')) : work()
  return {
    state,
    storage: {
      ...storage,
      read: (tables, work) => unless('read', () => storage.read(tables, work)),
      write: (tables, durability, work) =>
        storage.write(tables, durability, async (tx) => {
          const unit = await work(tx)
          // Only rows need room.
          return state.trouble === 'full' && !unit.writes.some((write) => 'put' in write) ? unit : unless(durability, async () => unit)
        }),
    } satisfies ReplicaStorage,
  }
}
let seeds = 0
/** A replica of alice's that nobody answers. */
async function open(storage: ReplicaStorage = memoryStorage(), device?: Device, clock = handClock()) {
  const world = alicesWorld({ storage, device, database: 'tidemark:alice', clock, random: seededRandom(++seeds) })
  const replica = await createReplica(world)
  const storageNow = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    return (await firstValueFrom(replica.status$)).storage
  }
  const say = (id: string) => replica.space('room:1').mutate.put({ c: 'messages', id, doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })
  return { replica, storageNow, say }
}

describe('status$.storage', () => {
  it('says whether what is saved here is kept, and nothing else while all is well', async () => {
    const { replica, storageNow, say } = await open()
    expect((await say('m')).durable).toBe(true)
    expect(await storageNow()).toEqual({ durable: true, persisted: undefined, error: undefined, lost: undefined })
    await replica.close()
  })

  it.each(['strict', 'relaxed'] as const)('tells that there is no room until a row of a %s unit is saved again', async (kind) => {
    const { state, storage } = failing(memoryStorage())
    const { replica, storageNow, say } = await open(storage)
    await say('one')
    let spaces = 1
    const saving = {
      strict: () => say('two'),
      // Begins a copy of the space, before the mutation itself.
      relaxed: () => replica.space(`room:${++spaces}`).mutate.put({ c: 'counters', id: 'c', doc: { value: 1 } }),
    }
    Object.assign(state, { kinds: [kind], trouble: 'full' })
    await expect(saving[kind]()).rejects.toMatchObject({ code: 'unavailable', trouble: 'full' })
    await replica.audit()
    if (kind === 'relaxed') await saving.strict()
    expect((await storageNow()).error).toMatchObject({ trouble: 'full', retryable: true })
    state.trouble = undefined
    await saving[kind]()
    expect((await storageNow()).error).toBe(undefined)
    await replica.close()
  })

  it.each(['stalled', 'failing'] as const)('tells that it is %s until it answers, without looking again and again', async (trouble) => {
    const { state, storage } = failing(memoryStorage())
    const { replica, storageNow, say } = await open(storage)
    state.trouble = trouble
    const read = vi.spyOn(storage, 'read')
    await expect(say('m')).rejects.toThrow(StorageError)
    await expect(replica.audit()).rejects.toThrow(StorageError)
    expect((await storageNow()).error?.trouble).toBe(trouble)
    expect(read.mock.calls.length).toBeLessThan(8)
    state.trouble = undefined
    await replica.audit()
    expect((await storageNow()).error).toBe(undefined)
    await replica.close()
  })

  it('shows what the browser promised; whoever comes for the first time is not asked, and an app may ask', async () => {
    const { device } = fakeDevice()
    const disk = memoryStorage()
    const first = await open(disk, device)
    expect((await first.storageNow()).persisted).toBe(false)
    await first.replica.close()
    const second = await open(disk.reopen(), device)
    expect((await second.storageNow()).persisted).toBe(true)
    await second.replica.close()

    const asked = await open(memoryStorage(), fakeDevice().device)
    expect([(await asked.storageNow()).persisted, await asked.replica.persist(), (await asked.storageNow()).persisted]).toEqual([
      false,
      true,
      true,
    ])
    await asked.replica.close()
  })

  it('says nothing of a promise where a device knows none, and asking for it ends in false', async () => {
    const throwing = (): never => {
      throw new Error('no such thing')
    }
    for (const device of [undefined, { recall: throwing, remember: throwing, persisted: throwing }]) {
      const { replica, storageNow, say } = await open(memoryStorage(), device)
      await say('m')
      expect(await storageNow()).toMatchObject({ persisted: undefined, lost: undefined, error: undefined })
      expect(await replica.persist()).toBe(false)
      await replica.close()
    }
  })
})

describe('storage that a device has cleared', () => {
  /** Two pending, one refused, on a device that remembers. */
  async function lived(disk: MemoryStorage, device: Device) {
    const { replica, storageNow, say } = await open(disk, device)
    await say('one')
    await say('two')
    const refused = { n: 7, nonce: 'x', space: 'room:1', name: 'put', args: {}, madeMs: 1, error: { code: 'rejected', message: 'no' } }
    await disk.write(['refused'], 'strict', async () => ({ result: undefined, writes: [{ table: 'refused', put: [refused] }] }))
    expect((await storageNow()).lost).toBe(undefined)
    return replica
  }

  it('is noticed at the next start by what stands beside it, and told until it is dismissed', async () => {
    const { device, texts } = fakeDevice()
    await (await lived(memoryStorage(), device)).close()
    const empty = memoryStorage()
    for (let start = 0; start < 2; start++) {
      const { replica, storageNow } = await open(empty.reopen(), device)
      expect((await storageNow()).lost).toMatchObject({ pending: 2, refused: 1 })
      await replica.close()
    }
    const { replica, storageNow } = await open(empty.reopen(), device)
    const { lost } = await storageNow()
    lost?.dismiss()
    expect((await storageNow()).lost).toBe(undefined)
    await replica.close()
    const after = await open(empty.reopen(), device)
    expect([(await after.storageNow()).lost, [...texts]]).toEqual([undefined, [['tidemark:alice', '{"pending":0,"refused":0}']]])
    await after.replica.close()
  })

  it('and cleared again adds up what was lost', async () => {
    const { device } = fakeDevice()
    await (await lived(memoryStorage(), device)).close()
    const second = await open(memoryStorage(), device)
    await second.say('three')
    await second.storageNow()
    await second.replica.close()
    const { replica, storageNow } = await open(memoryStorage(), device)
    expect((await storageNow()).lost).toMatchObject({ pending: 3, refused: 1 })
    await replica.close()
  })

  it('with nothing unsent in it is no loss: what was there comes again', async () => {
    const { device } = fakeDevice()
    await (await open(memoryStorage(), device)).replica.close()
    const { replica, storageNow } = await open(memoryStorage(), device)
    expect((await storageNow()).lost).toBe(undefined)
    await replica.close()
  })

  it('is not missed by a second tab of the new replica, nor when the first died before the replica was made', async () => {
    const { device } = fakeDevice()
    await (await lived(memoryStorage(), device)).close()
    const empty = memoryStorage()
    const { state, storage } = failing(empty)
    state.trouble = 'failing'
    state.kinds = ['strict']
    await expect(open(storage, device)).rejects.toThrow(StorageError)
    const tabs = await Promise.all([open(empty.reopen(), device), open(empty.reopen(), device)])
    for (const { storageNow } of tabs) expect((await storageNow()).lost).toMatchObject({ pending: 2, refused: 1 })
    for (const { replica } of tabs) await replica.close()
  })

  it('while it was open is said at once, and the loss is told after the reload', async () => {
    const { device } = fakeDevice()
    const disk = memoryStorage()
    const { replica, storageNow, say } = await open(disk, device)
    await say('one')
    await say('two')
    await storageNow()
    disk.restore(memoryStorage())
    await expect(say('three')).rejects.toMatchObject({ trouble: 'cleared', message: expect.stringMatching(/reload/) })
    expect((await storageNow()).error?.trouble).toBe('cleared')
    await expect(replica.audit()).rejects.toMatchObject({ trouble: 'cleared' })
    expect(await rows({ storage: disk } as never, 'outbox')).toEqual([])
    await replica.close()
    const again = await open(disk.reopen(), device)
    expect((await again.storageNow()).lost).toMatchObject({ pending: 2, refused: 0 })
    await again.replica.close()
  })

  it('is counted with the mutation that was being saved just then, and too high rather than too low', async () => {
    const { device, texts } = fakeDevice()
    const disk = memoryStorage()
    const { state, storage } = failing(disk)
    const noted = () => JSON.parse(texts.get('tidemark:alice') ?? '{"pending":0}').pending
    const tooLow: number[][] = []
    const looked: ReplicaStorage = {
      ...storage,
      async write(tables, durability, work) {
        const result = await storage.write(tables, durability, work)
        // The moment of its commit.
        const saved = JSON.parse(disk.dump()).outbox?.length ?? 0
        if (noted() < saved) tooLow.push([noted(), saved])
        return result
      },
    }
    const { replica, storageNow, say } = await open(looked, device)
    for (let n = 1; n <= 20; n++) {
      const saying = [say(`m${n}`), ...(n % 3 === 0 ? [say(`more${n}`)] : [])]
      for (let turn = 0; turn < n; turn++) await Promise.resolve()
      await Promise.all(saying)
    }
    expect(tooLow).toEqual([])
    await storageNow()
    expect(noted()).toBe(26)
    state.trouble = 'full'
    state.kinds = ['strict']
    await expect(say('no room')).rejects.toThrow()
    await storageNow()
    expect(noted()).toBe(26)
    await replica.close()
  })

  it('is not forgotten by a start that fails after its storage could be read', async () => {
    const { device, texts } = fakeDevice()
    const disk = memoryStorage()
    await (await lived(disk, device)).close()
    const before = [...texts]
    const broken: ReplicaStorage = {
      ...disk.reopen(),
      read: (tables, work) => (tables.includes('outbox') ? Promise.reject(new StorageError('failing', 'no')) : disk.read(tables, work)),
    }
    await expect(open(broken, device)).rejects.toThrow(StorageError)
    expect([...texts]).toEqual(before)
  })

  it('is no matter of opening: a device that never answers is waited for no longer than its bound', async () => {
    const silent: Device = {
      recall: () => new Promise(() => {}),
      remember: () => new Promise(() => {}),
      persisted: () => new Promise(() => {}),
    }
    const clock = handClock()
    const opening = open(memoryStorage(), silent, clock)
    for (let texts = 0; texts < 4; texts++) {
      await new Promise(setImmediate)
      clock.advance(DEVICE_MS_MAX)
    }
    const { replica, say } = await opening
    await say('m')
    await replica.close()
  })

  it('is noticed though the device was silent for a while: what it did not say was written down is written with the next counts', async () => {
    const { device, texts } = fakeDevice()
    let isSilent = true
    const remember: Device['remember'] = (key, text) => (isSilent ? new Promise(() => {}) : device.remember(key, text))
    const clock = handClock()
    const { say } = await open(memoryStorage(), { ...device, remember }, clock)
    await say('m')
    isSilent = false
    clock.advance(DEVICE_MS_MAX)
    await say('n')
    await new Promise(setImmediate)
    expect(texts.get('tidemark:alice')).toBe('{"pending":2,"refused":0}')
  })
})

describe('a page that was open while its storage was cleared', () => {
  it('takes no part in the replica that another page began after it: nothing is written, sent, counted or said to be done', async () => {
    const disk = memoryStorage()
    const old = await open(disk)
    const sent = await old.say('one')
    const ends: string[] = []
    sent.confirmed.then(
      () => ends.push('done'),
      () => ends.push('refused'),
    )
    disk.restore(memoryStorage())
    const young = await open(disk.reopen())
    await young.say('two')
    await expect(old.say('three')).rejects.toMatchObject({ trouble: 'cleared' })
    await expect(old.replica.audit()).rejects.toMatchObject({ trouble: 'cleared' })
    expect((await old.storageNow()).error?.trouble).toBe('cleared')
    expect([await young.replica.audit(), (await young.storageNow()).error, ends]).toMatchObject([{ created: 1, pending: 1 }, undefined, []])
    for (const { replica } of [old, young]) await replica.close()
  })
})

describe('clear()', () => {
  it('needs a yes where something exists nowhere else, and changes nothing without it', async () => {
    const { device, texts } = fakeDevice()
    const disk = memoryStorage()
    const { replica, storageNow, say } = await open(disk, device)
    await say('one')
    await storageNow()
    const before = [disk.dump(), [...texts]]
    await expect(replica.clear()).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/^1 pending and 0 refused .*discardPending/),
    })
    expect([disk.dump(), [...texts]]).toEqual(before)
    await say('two')
    expect(await replica.clear({ discardPending: true })).toEqual({ pending: 2, refused: 0 })
    expect([disk.dump(), [...texts]]).toEqual(['{}', []])
    const again = await open(disk.reopen(), device)
    expect([(await again.storageNow()).lost, (await again.replica.audit()).created]).toEqual([undefined, 0])
    await again.replica.close()
  })

  it('with nothing unsent needs none, says to no one that what was pending is done, and ends other tabs', async () => {
    const { device } = fakeDevice()
    const disk = memoryStorage()
    const { replica } = await open(disk, device)
    const other = await open(disk.reopen(), device)
    expect(await replica.clear()).toEqual({ pending: 0, refused: 0 })
    await expect(other.say('late')).rejects.toMatchObject({ trouble: 'cleared' })
    await expect(replica.clear()).rejects.toThrow()
    await other.replica.close()
    const again = await open(disk.reopen(), device)
    expect((await again.storageNow()).lost).toBe(undefined)
    await again.replica.close()
  })
})
