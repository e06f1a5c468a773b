import type { App, SpaceDefinition, SyncError } from '@tidemark/shared'
import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { createReplica } from './create-replica.ts'
import { DIAGNOSTICS_MAX } from './diagnostic.ts'
import { memoryStorage } from './replica/memory-storage.ts'
import { openCore, refusal } from './replica/model/open-core.ts'
import type { ReplicaStorage } from './replica/storage.ts'
import type { CollectionScope, Replica, SentState } from './replica-api.ts'
import { RADIO_TAIL_MS } from './sync.ts'
import { alicesWorld } from './testing/alices-world.ts'
import { chatApp } from './testing/chat-app.ts'
import { fakeServer } from './testing/fake-server.ts'
import { handClock } from './testing/hand-clock.ts'
import { message, rangeOf } from './testing/ranges.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { virtualTime } from './testing/virtual-time.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A replica of alice's that is connected. */
async function connected(app: App = chatApp, storage: ReplicaStorage = memoryStorage()) {
  const time = virtualTime(settle)
  const server = fakeServer(time, seededRandom(1))
  const replica = (await createReplica(alicesWorld({ app, storage, transport: server.transport, clock: time }))) as Replica<typeof chatApp>
  const room = replica.space('room:1')
  await time.run(3000)
  return { time, server, replica, room, status: () => firstValueFrom(replica.status$) }
}
const hello = (id: string) => ({ c: 'messages', id, doc: { text: 'hi', author: 'alice', sentAtMs: 1 } }) as const

/** A replica of alice's that nobody answers. */
function alone(storage: ReplicaStorage = memoryStorage()) {
  return createReplica(alicesWorld({ storage, clock: handClock() }))
}

describe('status$', () => {
  it('tells that a copy is `partial` while its run is not over [C2], and of an old one that is shown while another is built [R6]', async () => {
    const storage = memoryStorage()
    const { core } = await openCore({ storage })
    await core.apply(rangeOf(0, 3, [message(3, 'c', 'three')], { compacted: true, seal: 'x5~0', head: 5, floors: { messages: 2 } }))
    const replica = await alone(storage.reopen())
    const room = replica.space('room:1')
    const told = async (told: object) =>
      expect(await firstValueFrom(replica.status$.pipe(filter(({ spaces }) => (spaces['room:1']?.version ?? 0) > 0)))).toMatchObject({
        spaces: { 'room:1': told },
      })
    await told({ version: 3, partial: true, floors: { messages: 2 } })
    await core.apply(rangeOf(3, 5, [], { compacted: true, on: 'x5~0' }))
    await new Promise(setImmediate)
    await told({ version: 5, partial: false })
    await core.apply(rangeOf(0, 4, [], { reset: 'history', on: 's5', seal: 't4', head: 9 }))
    await new Promise(setImmediate)
    await told({ version: 5, partial: true })
    room.close()
    await replica.close()
  })
})

describe('a burst', () => {
  it('costs one unit a range: what this tab has committed is told without being read again', async () => {
    const storage = memoryStorage()
    let reads = 0
    let writes = 0
    const counting: ReplicaStorage = {
      ...storage,
      read(tables, work) {
        reads++
        return storage.read(tables, work)
      },
      write(tables, durability, work) {
        writes++
        return storage.write(tables, durability, work)
      },
    }
    const { time, server, replica, status } = await connected(chatApp, counting)
    server.commit('room:1')
    await time.run(100)
    reads = 0
    writes = 0
    const versions: (number | undefined)[] = []
    const told = replica.status$.subscribe(({ spaces }) => versions.push(spaces['room:1']?.version))
    for (let n = 0; n < 20; n++) {
      server.commit('room:1')
      await time.run(10)
    }
    told.unsubscribe()
    expect([reads, writes]).toEqual([0, 20])
    expect(new Set(versions)).toEqual(new Set(Array.from({ length: 21 }, (_, n) => n + 1)))
    expect((await status()).spaces['room:1']).toMatchObject({ version: 21, head: 21, partial: false })
    await replica.close()
  })
})

describe('what an app is told of its connection', () => {
  it('a connection on which nothing moves is `stalled`, with its reason, until something does', async () => {
    const { time, server, replica, room, status } = await connected()
    server.refuseBatches = { code: 'unavailable', message: 'the engine is down', retryable: true }
    await room.mutate.put(hello('m'))
    await time.run(70_000)
    expect(await status()).toMatchObject({ phase: 'stalled', pending: 1, because: { code: 'unavailable' } })
    expect(await firstValueFrom(replica.diagnostics$)).toContainEqual(expect.objectContaining({ kind: 'stalled' }))
    server.refuseBatches = undefined
    await time.run(35_000)
    const { phase, pending, because } = await status()
    expect([phase, pending, because]).toEqual(['live', 0, undefined])
    await replica.close()
  })

  it('every end and every pause has its reason, and the last fifty events are kept', async () => {
    const { time, server, replica, status } = await connected()
    replica.pause()
    await time.run(10)
    expect(await status()).toMatchObject({ phase: 'offline', pauses: ['app'] })
    replica.resume()
    server.reachable = false
    await time.run(100)
    expect(await status()).toMatchObject({
      phase: 'waiting',
      because: { code: 'unavailable', message: 'the connection ended with code 1006' },
    })
    await time.run(3_600_000)
    const events = await firstValueFrom(replica.diagnostics$)
    expect(events.length).toBe(DIAGNOSTICS_MAX)
    expect(events.every(({ kind, because }) => kind === 'closed' && because?.code === 'unavailable')).toBe(true)
    server.reachable = true
    replica.reconnectNow()
    await time.run(1500)
    expect((await status()).phase).toBe('live')
    expect((await firstValueFrom(replica.diagnostics$)).at(-1)).toEqual({ kind: 'open', atMs: expect.any(Number), because: undefined })
    await replica.close()
  })

  it('what its definition lets wait leaves with the next frame, everything else at once', async () => {
    const definition = chatApp.spaces.room as SpaceDefinition
    const app = { ...chatApp, spaces: { ...chatApp.spaces, room: { ...definition, canWait: ['send'] } } }
    const { time, server, replica, room } = await connected(app)
    await time.run(RADIO_TAIL_MS)
    const { send } = room.mutate as unknown as Record<'send', (args: object) => Promise<unknown>>
    await send({ id: 'one', text: 'later' })
    await time.run(1000)
    expect(server.done).toEqual([])
    await room.mutate.put(hello('two'))
    await time.run(100)
    expect(server.done).toEqual([1, 2])
    await replica.close()
  })
})

describe('settled()', () => {
  it('resolves at once where nothing is pending', async () => {
    const replica = await alone()
    await replica.settled()
    await replica.close()
  })

  it('waits for what has just been saved, whatever was told last, and says so when the replica is closed', async () => {
    const replica = await alone()
    await replica.space('room:1').mutate.put({ c: 'messages', id: 'm', doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })
    let ended = false
    const settled = replica.settled().finally(() => {
      ended = true
    })
    settled.catch(() => {})
    await new Promise(setImmediate)
    expect(ended).toBe(false)
    await replica.close()
    await expect(settled).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a tab that looks late', () => {
  /** A replica that reads nothing between `sleep` and what that returns, beside another tab. */
  async function sleepy() {
    const storage = memoryStorage()
    const { core } = await openCore({ storage })
    const send = (id: string) => core.mutate('room:1', 'send', { id, text: id })
    const refuse = ({ n, nonce }: { readonly n: number; readonly nonce: string }) => core.settle([refusal(n, nonce)])
    await refuse(await send('a'))
    const b = await send('b')
    const handle = storage.reopen()
    let awake = Promise.resolve()
    const replica = await alone({
      ...handle,
      async read(tables, work) {
        await awake
        return handle.read(tables, work)
      },
    })
    function sleep(): () => Promise<void> {
      let wake = () => {}
      awake = new Promise((resolve) => {
        wake = resolve
      })
      return async () => {
        wake()
        await settle()
      }
    }
    return { core, b, refuse, replica, sleep }
  }

  it('tells of a mutation that was dismissed and answered for meanwhile that it was dismissed', async () => {
    const { core, b, refuse, replica, sleep } = await sleepy()
    const c = await (replica.space('room:1') as any).mutate.send({ id: 'c', text: 'c' })
    const states: SentState[] = []
    c.state$.subscribe((state: SentState) => states.push(state))
    const [, row] = await core.pending()
    const wake = sleep()
    await core.withdraw(row?.nonce as string)
    await refuse(b)
    await refuse(row as typeof b)
    await wake()
    expect(states.map(({ state }) => state)).toEqual(['waiting', 'dismissed'])
    await expect(c.confirmed).rejects.toMatchObject({ code: 'rejected' })
    await replica.close()
  })

  it('has each mutation in one of both lists while they are told, where one was made again and another refused', async () => {
    const { core, b, refuse, replica, sleep } = await sleepy()
    const lists: Record<'pending' | 'refused', readonly unknown[]> = { pending: [], refused: [] }
    const told = new Set<string>()
    const tell = (list: keyof typeof lists) => (items: readonly { readonly args: object }[]) => {
      lists[list] = items.map(({ args }) => (args as { id: unknown }).id)
      told.add([...new Set([...lists.pending, ...lists.refused])].sort().join())
    }
    replica.pending$.subscribe(tell('pending'))
    replica.rejected$.subscribe(tell('refused'))
    expect(lists).toEqual({ pending: ['b'], refused: ['a'] })
    told.clear()
    const wake = sleep()
    await core.retry(1)
    await refuse(b)
    await wake()
    expect(lists).toEqual({ pending: ['a'], refused: ['b'] })
    expect([...told]).toEqual(['a,b'])
    await replica.close()
  })
})

describe('watch()', () => {
  const messagesOf = (room: object) => (room as { messages: CollectionScope<{ text: string }> }).messages

  it('is told what the server sends and what is written here, and why it ends when the space is forbidden', async () => {
    const { time, server, replica, room } = await connected()
    const texts: string[] = []
    const errors: string[] = []
    const watch = (held: typeof room) =>
      messagesOf(held).watch({
        onChange: ({ docs }) => texts.push(docs.map(({ text, $p }) => `${text}${$p ? '?' : ''}`).join()),
        onError: (error) => errors.push((error as SyncError).code),
      })
    watch(room)
    await room.mutate.put(hello('m'))
    expect(texts).toEqual(['', 'hi?'])
    // This server has numbers alone: what is confirmed is not there any more.
    await time.run(3000)
    expect([texts.slice(2), errors]).toEqual([[''], []])
    server.deny('room:1', { code: 'forbidden', message: 'no' })
    await time.run(3000)
    expect([texts.slice(3), errors]).toEqual([[], ['forbidden']])
    // Asked anew, it is watched until the server says so again.
    const again = replica.space('room:1')
    watch(again)
    await time.run(1)
    expect([texts.slice(3), errors]).toEqual([[''], ['forbidden']])
    await time.run(3000)
    expect([texts.slice(4), errors]).toEqual([[], ['forbidden', 'forbidden']])
    await replica.close()
  })

  it('ends with the replica', async () => {
    const { replica, room, time } = await connected()
    const ends: string[] = []
    messagesOf(room).watch({ onChange() {}, onError: (error) => ends.push((error as SyncError).code) })
    messagesOf(room).docs$.subscribe({ complete: () => ends.push('complete') })
    await replica.close()
    messagesOf(room).watch({ onChange() {}, onError: (error) => ends.push((error as SyncError).code) })
    await time.run(0)
    expect(ends).toEqual(['unavailable', 'complete', 'unavailable'])
  })
})
