import { newApiKey } from '@tidemark/server'
import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'

const Note = v.object({ text: v.string(), stars: v.optional(v.number()) })

/** Something of everything that a file can hold: windows, documents that only some may read, two spaces in one mutation, mutators that throw. */
export const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: {
        notes: collection(Note),
        recent: collection(Note, { window: 5 }),
        own: collection(Note, { read: 'creator', write: 'creator' }),
      },
      mutators: {
        async both(tx, { id, other }: { id: string; other: string }) {
          await tx.notes.put(id, { text: 'here' })
          await tx.space(other).notes?.put(id, { text: 'there' })
        },
        breaks() {
          throw new Error('a bug of the app')
        },
      },
    }),
  },
})

export const { key: API_KEY, record: API_RECORD } = newApiKey(
  { bytes: (count) => new Uint8Array(count).fill(7), unit: () => 0 },
  { tenant: 'default', name: 'shop', scopes: ['commit:*'], createdMs: 0 },
)
