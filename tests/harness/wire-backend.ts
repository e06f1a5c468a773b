import { collection, defineApp, lane, space } from '@tidemark/shared'
import * as v from 'valibot'

const Said = v.object({ text: v.string() })
const Anything = v.record(v.string(), v.unknown())

type Level = 'none' | 'read' | 'write'
const granted = new Map<string, Level>()

/** An app whose commits are wide, whose readers see different things, and whose mutators fail, for what a chat cannot show on the wire. */
export const app = defineApp({
  version: '1',
  spaces: {
    box: space({
      collections: {
        open: collection(Anything),
        own: collection(Anything, { read: 'creator', write: 'creator' }),
        shut: collection(Anything, { read: 'none', write: 'none' }),
        frozen: collection(Anything, { write: 'none' }),
        recent: collection(Anything, { window: 5 }),
      },
      mutators: {
        async many(tx, { count, stem }: { count: number; stem: string }) {
          for (let i = 0; i < count; i++) await tx.open.put(`${stem}${i}`, { i })
        },
        async hide(tx, { id }: { id: string }) {
          await tx.shut.put(id, { hidden: true })
        },
        async breaks(tx, { id }: { id: string }) {
          await tx.open.put(id, { half: true })
          throw new Error('a secret of the server')
        },
        async nothing() {},
        async both(tx, { other, id }: { other: string; id: string }) {
          await tx.open.put(id, { here: true })
          await tx.space(other).open?.put(id, { there: true })
        },
        // Rights live outside the engine; this is how a test changes them while the server runs.
        async let(_tx, { user, space, level }: { user: string; space: string; level: Level }) {
          granted.set(`${user} ${space}`, level)
        },
      },
      args: {},
    }),
    /** What is said in lanes that run fast, for tests that wait for them. */
    show: space({
      presence: 'who',
      lanes: {
        danmu: lane(Said, { tickMs: 100, text: 'text' }),
        small: lane(Said, { tickMs: 500, cap: 3 }),
        open: lane(Said, { tickMs: 100, public: true, archiveMs: 3_600_000 }),
        slow: lane(Said, { tickMs: 5000 }),
        typing: lane(Said, { tickMs: 0 }),
      },
      mutators: {
        async let(_tx, { user, space, level }: { user: string; space: string; level: Level }) {
          granted.set(`${user} ${space}`, level)
        },
      },
    }),
  },
})

/** What was granted by `let`; else `box:ro-*` may be read, `box:no-*` not even that, `box:<user>-only` by this user, every other box is open. */
export const access = {
  box: (user: string, id: string): Level => {
    const level = granted.get(`${user} ${id}`)
    if (level !== undefined) return level
    const name = id.slice('box:'.length)
    if (name.startsWith('ro-')) return 'read'
    if (name.startsWith('no-')) return 'none'
    if (name.endsWith('-only')) return name === `${user}-only` ? 'write' : 'none'
    return 'write'
  },
  show: (user: string, id: string): Level => granted.get(`${user} ${id}`) ?? 'write',
  moderation: (user: string): 'admin' | 'none' => (user.startsWith('admin') ? 'admin' : 'none'),
}
