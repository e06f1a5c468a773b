import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

/** What every count leaves of itself. */
const LAST_COUNTED = 20

/** Mutators that leave a trace by which a loss, a second run or a half one would show: in one space, in two, in what they read, or nowhere. */
export const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: {
        notes: collection(v.object({ text: v.string() })),
        tallies: collection(v.object({ count: v.number(), last: v.array(v.string()) })),
      },
      mutators: {
        async note(tx, { id, text }: { id: string; text: string }) {
          await tx.notes.create(id, { text })
        },
        async count(tx, { id }: { id: string }) {
          const { count = 0, last = [] } = (await tx.tallies.get('all')) ?? {}
          await tx.tallies.put('all', { count: count + 1, last: [...last, id].slice(-LAST_COUNTED) })
        },
        async move(tx, { id, to }: { id: string; to: string }) {
          await tx.notes.create(id, { text: 'here' })
          await tx.space(to).notes?.create(id, { text: 'there' })
        },
        async refuse(tx, { id }: { id: string }) {
          await tx.notes.create(id, { text: 'never' })
          tx.reject(`not ${id}`)
        },
      },
    }),
  },
})

export const access = { room: () => 'write' as const }
