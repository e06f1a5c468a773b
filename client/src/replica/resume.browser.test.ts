// The stories of resume.test.ts on a real engine; and what live queries see of a reset and of older documents.
import { liveQuery } from 'dexie'
import { describe, expect, it } from 'vitest'
import { chatApp } from '../testing/chat-app.ts'
import { handClock } from '../testing/hand-clock.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { dexieStorage } from './dexie-storage.ts'
import { createReplicaCore } from './replica-core.ts'
import { describeResuming } from './resume-suite.ts'
import { dexieTables } from './scope.ts'

describeResuming('Dexie in a browser', { describe, expect, it }, () => {
  const name = `resume ${crypto.randomUUID()}`
  return { open: async () => dexieStorage({ name, app: chatApp, clock: handClock() }), crash: (storage) => storage.close() }
})

it('a live query sees a page of older documents at once, and a reset of several pages as one swap', async () => {
  const storage = dexieStorage({ name: `window ${crypto.randomUUID()}`, app: chatApp, clock: handClock() })
  const core = await createReplicaCore({ app: chatApp, storage, clock: handClock(), random: seededRandom(1), user: 'alice' })
  const messages = dexieTables(storage, core).scope('room:1', 'messages') as any
  const seen: string[] = []
  const subscription = liveQuery(() => messages.orderBy('$b').toArray()).subscribe((rows: any) => {
    const shown = rows.map((row: any) => `${row.text}${row.$p ? '?' : ''}`).join(' ')
    if (shown !== '' && shown !== seen.at(-1)) seen.push(shown)
  })
  await core.apply(rangeOf(0, 9, [message(8, 'h', 'eight')], { compacted: true, floors: { messages: 5 } }))
  await expect.poll(() => seen.at(-1)).toBe('eight')
  await core.mutate('room:1', 'put', { c: 'messages', id: 'e', doc: { text: 'mine', author: 'alice', sentAtMs: 1 } })
  await expect.poll(() => seen.at(-1)).toBe('eight mine?')
  const older = { docs: [message(5, 'e', 'five'), message(4, 'd', 'four')], floor: 0, head: 9, seal: 's9' }
  await core.takeOlder('room:1', 'messages', { page: async () => older as never, holds: async () => false })
  await expect.poll(() => seen.at(-1)).toBe('four mine? eight')
  const reset = { reset: 'history', on: 's9', seal: 't4', head: 6 }
  await core.apply(rangeOf(0, 4, [message(4, 'd', 'new four')], reset))
  await core.apply(rangeOf(4, 6, [message(6, 'f', 'new six')], { on: 't4', seal: 't6' }))
  await expect.poll(() => seen.at(-1)).toBe('new four new six mine?')
  expect(seen).toEqual(['eight', 'eight mine?', 'four mine? eight', 'new four new six mine?'])
  subscription.unsubscribe()
  await core.close()
})
