// The suite of watch-suite.ts in a real engine: two handles of one database, as two tabs have them; and a tab of its own realm.
import { describe, expect, it } from 'vitest'
import { systemClock } from '../platform/system-clock.ts'
import { dexieStorage } from '../replica/dexie-storage.ts'
import { chatApp } from '../testing/chat-app.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { type Message, told, watchedRoom } from '../testing/watched-room.ts'
import { describeWatch, notesApp } from './watch-suite.ts'

const turn = () => new Promise<void>((resolve) => setTimeout(resolve))

describeWatch(
  'Dexie in a browser',
  { describe, expect, it },
  {
    turn,
    rounds: 15,
    async open() {
      const name = `watch ${crypto.randomUUID()}`
      const open = () => dexieStorage({ name, app: notesApp, clock: systemClock })
      const [own, other] = [open(), open()]
      return {
        own,
        other,
        async close() {
          await other.close()
          await own.delete?.()
        },
      }
    },
  },
)

describe('another tab', () => {
  it('of a realm of its own is heard over the channel of the browser, by key', async () => {
    const name = `watch ${crypto.randomUUID()}`
    const here = await watchedRoom(dexieStorage({ name, app: chatApp, clock: systemClock }))
    await here.core.apply(rangeOf(0, 3, [message(1, 'a', 'one'), message(2, 'b', 'two'), message(3, 'c', 'three')]))
    const seen = told<Message>()
    here.of().watch(seen.listener)
    await expect.poll(() => seen.snapshots.length).toBe(1)
    const frame = document.body.appendChild(document.createElement('iframe'))
    const edited = new Promise((resolve, reject) => {
      Object.assign(frame.contentWindow as object, { resolve, reject })
    })
    const modules = ['../replica/dexie-storage.ts', '../testing/watched-room.ts', '../testing/chat-app.ts', '../platform/system-clock.ts']
    const script = (frame.contentDocument as Document).createElement('script')
    script.type = 'module'
    script.textContent = `
      const load = (path) => import(path)
      Promise.all(${JSON.stringify(modules.map((path) => new URL(path, import.meta.url).href))}.map(load))
        .then(async ([{ dexieStorage }, { watchedRoom }, { chatApp }, { systemClock }]) => {
          const { core } = await watchedRoom(dexieStorage({ name: ${JSON.stringify(name)}, app: chatApp, clock: systemClock }), { seed: 2 })
          await core.mutate('room:1', 'edit', { id: 'b', text: 'from there' })
        })
        .then(resolve, reject)`
    frame.contentDocument?.body.append(script)
    await edited
    await expect.poll(() => seen.snapshots.at(-1)?.docs.map(({ text }) => text)).toEqual(['one', 'from there', 'three'])
    expect(seen.snapshots.at(-1)?.docChanges).toMatchObject([{ docId: 'b', dataType: 'update', updatedFields: { text: 'from there' } }])
    // The collection, then what changed; opening it there may have shown a copy anew.
    expect(here.reads.at(-1)).toBe(1)
    frame.remove()
    here.watches.close()
    await here.core.close()
  })
})
