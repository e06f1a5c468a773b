import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'
import { app as chat, access as chatAccess } from '../../demo-app/backend.ts'

// Not v.record: that one copies keys by assignment, which fails for `toString` where nothing may write to Object.prototype.
const Anything = v.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(64))

/** The chat, and a kind that takes any document: what comes in may go as deep as the engine lets it. No mutator here throws by itself. */
export const app = defineApp({
  version: '1',
  spaces: {
    ...chat.spaces,
    box: space({
      collections: {
        open: collection(Anything),
        own: collection(Anything, { read: 'creator', write: 'creator' }),
        shut: collection(Anything, { read: 'none', write: 'none' }),
        recent: collection(Anything, { window: 5 }),
      },
      mutators: {
        async many(tx, { count, stem }: { count: number; stem: string }) {
          for (let i = 0; i < count; i++) await tx.open.put(`${stem}${i}`, { i })
        },
        async note(tx, { id, body }: { id: string; body: unknown }) {
          const before = await tx.recent.get(id)
          await tx.recent.put(id, { ...before, body })
        },
        async both(tx, { other, id }: { other: string; id: string }) {
          await tx.open.put(id, { here: true })
          await tx.space(other).open?.put(id, { there: true })
        },
      },
      args: {
        many: v.strictObject({ count: v.pipe(v.number(), v.integer(), v.maxValue(2000)), stem: name }),
        note: v.strictObject({ id: v.string(), body: v.unknown() }),
        both: v.strictObject({ other: v.string(), id: v.string() }),
      },
    }),
  },
})

/** `box:ro-*` may be read, `box:no-*` not even that, every other box is open. */
export const access = {
  ...chatAccess,
  box: (_user: string, id: string) => (id.startsWith('box:ro-') ? 'read' : id.startsWith('box:no-') ? 'none' : ('write' as const)),
}
