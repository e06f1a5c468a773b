import type { Range } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { memoryStorage } from './memory-storage.ts'
import { createReplicaCore, type ReplicaCore } from './replica-core.ts'

const room = 'room:1'

async function open(storage = memoryStorage(), seed = 1) {
  const clock = handClock()
  const core = await createReplicaCore({ app: chatApp, storage, clock, random: seededRandom(seed), user: 'alice' })
  return { core, clock, storage }
}
/** What an app would read: documents of the shown copy, in order of creation. */
async function view(core: ReplicaCore, space = room, table = 'room_messages') {
  const s = core.shownAs(space)
  const rows = await core.storage.read([table], (tx) => tx.list(table))
  return rows.filter((row) => row.$s === s).sort((a, b) => (a.$b as number) - (b.$b as number))
}
const texts = async (core: ReplicaCore, space = room) => (await view(core, space)).map((row) => `${row.text}${row.$p ? '?' : ''}`)

function range(from: number, to: number, changes: object[], more: object = {}): Range {
  return { space: room, from, on: `s${from}`, to, seal: `s${to}`, head: to, changes, ...more } as unknown as Range
}
const message = (v: number, id: string, text: string, more: object = {}) => ({
  v,
  c: 'messages',
  id,
  put: { text, author: 'bob', sentAtMs: v },
  ...more,
})

describe('a copy and its ranges', () => {
  it('[R2] takes news and stands at its end', async () => {
    const { core } = await open()
    const applied = await core.apply(range(0, 2, [message(1, 'a', 'one'), message(2, 'b', 'two')]))
    expect(applied).toEqual({ verdict: 'news', standing: { version: 2, seal: 's2' }, whole: true })
    expect(await texts(core)).toEqual(['one', 'two'])
    expect((await core.standings([room, 'room:2'])).get(room)).toEqual({ version: 2, seal: 's2' })
  })
})

describe('a mutation', () => {
  it('is saved and visible when mutate resolves', async () => {
    const { core } = await open()
    const made = await core.mutate(room, 'send', { id: 'm1', text: 'hi' })
    expect(made.n).toBe(1)
    expect(await texts(core)).toEqual(['hi?'])
    expect(await core.batch({ mutationsMax: 10, bytesMax: 1e6 })).toMatchObject({
      client: core.clientId,
      on: '',
      mutations: [{ n: 1, name: 'send' }],
    })
  })

  it('lies on top of what the server sends, and gives way to its own commit without a moment between', async () => {
    const { core } = await open()
    const { nonce } = await core.mutate(room, 'send', { id: 'm1', text: 'mine' })
    await core.apply(range(0, 1, [message(1, 'x', 'theirs')]))
    expect(await texts(core)).toEqual(['theirs', 'mine?'])
    await core.apply(range(1, 2, [message(2, 'm1', 'mine', { o: nonce })]))
    expect(await texts(core)).toEqual(['theirs', 'mine'])
    const toReach = await core.settle([{ n: 1, nonce, in: { [room]: 2 } } as never])
    expect(toReach.size).toBe(0)
    expect(await core.pending()).toEqual([])
    expect(await core.audit()).toEqual({ created: 1, confirmed: 1, refused: 0, pending: 0, discarded: 0 })
  })
})
