// In a real engine: app code that lets the transaction go, and live queries over the replica's own transactions.
import { type App, space } from '@tidemark/shared'
import { liveQuery } from 'dexie'
import { expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { dexieStorage } from './dexie-storage.ts'
import { createReplicaCore } from './replica-core.ts'
import { dexieTables } from './scope.ts'

let pauses = false
const { collections, mutators } = chatApp.spaces.room as never as { collections: never; mutators: Record<string, never> }
const app: App = {
  version: '1',
  spaces: {
    room: space({
      collections,
      mutators: {
        ...mutators,
        async slow(tx: any, { id }: { id: string }) {
          if (pauses) await new Promise((resolve) => setTimeout(resolve, 5))
          await tx.messages.create(id, { text: 'slow', author: tx.user, sentAtMs: 1 })
        },
      } as never,
    }) as never,
  },
}

async function open() {
  const storage = dexieStorage({ name: `guard ${crypto.randomUUID()}`, app, clock: handClock() })
  const core = await createReplicaCore({ app, storage, clock: handClock(), random: seededRandom(1), user: 'alice' })
  const messages = dexieTables(storage, core).scope('room:1', 'messages') as any
  const texts = async () => (await messages.toArray()).map((row: any) => `${row.text}${row.$p ? '?' : ''}`)
  return { core, messages, texts }
}

it('a mutator that waits for a timer is refused at the call, and mutes itself in later runs', async () => {
  const { core, texts } = await open()
  await core.mutate('room:1', 'slow', { id: 'm' })
  await core.mutate('room:1', 'send', { id: 'n', text: 'quick' })
  pauses = true
  await expect(core.mutate('room:1', 'slow', { id: 'o' })).rejects.toMatchObject({ code: 'invalid' })
  expect(await texts()).toEqual(['slow?', 'quick?'])
  expect((await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))).verdict).toBe('news')
  expect(await texts()).toEqual(['one', 'quick?'])
  expect((await core.pending()).length).toBe(2)
  pauses = false
  await core.close()
})

it('a live query sees each commit, and never anything between', async () => {
  const { core, messages } = await open()
  const seen: string[] = []
  const subscription = liveQuery(() => messages.where('sentAtMs').above(0).toArray()).subscribe((rows: any) => {
    seen.push(
      rows
        .map((row: any) => `${row.$id}${row.$p ? '?' : ''}`)
        .sort()
        .join(' '),
    )
  })
  const { nonce } = await core.mutate('room:1', 'send', { id: 'm', text: 'mine' })
  await expect.poll(() => seen.at(-1)).toBe('m?')
  await core.apply(rangeOf(0, 2, [message(1, 'a', 'one'), message(2, 'm', 'mine', { o: nonce })]))
  await expect.poll(() => seen.at(-1)).toBe('a m')
  expect(seen.filter((now, at) => now !== seen[at - 1] && now !== '')).toEqual(['m?', 'a m'])
  subscription.unsubscribe()
  await core.close()
})

it('a range of 1,000 documents is one short burst, and pending mutations are run again on top of it', async () => {
  const { core, texts } = await open()
  await core.apply(
    rangeOf(
      0,
      1000,
      Array.from({ length: 1000 }, (_, at) => message(at + 1, `d${at}`, 'x')),
    ),
  )
  for (let n = 0; n < 50; n++) await core.mutate('room:1', 'send', { id: `m${n}`, text: 'mine' })
  await core.apply(rangeOf(1000, 1001, [message(1001, 'last', 'x')]))
  expect((await texts()).length).toBe(1051)
  await core.close()
})
