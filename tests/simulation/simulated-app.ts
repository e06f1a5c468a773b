import { collection, defineApp, type SpaceIdOf, space } from '@tidemark/shared'
import * as v from 'valibot'

const Note = v.object({ text: v.string(), by: v.string() })
const Tally = v.object({ count: v.number(), operations: v.array(v.string()) })

const LINES_WINDOW = 4

/** Few documents and correlated writes: collisions are the point. Every mutator leaves a trace by which a second run of it would show. */
export const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: {
        notes: collection(Note, { write: 'creator' }),
        tallies: collection(Tally),
        secrets: collection(Note, { read: 'creator' }),
        /** The only one whose documents are deleted, and the only one of which a first sync brings a part. */
        lines: collection(Note, { window: LINES_WINDOW }),
      },
      mutators: {
        async note(tx, { id, text }: { id: string; text: string }) {
          await tx.notes.create(id, { text, by: tx.user })
        },
        /** Reads, then writes what it read: an overlay that is rerun on a wrong base shows at once. */
        async count(tx, { operation }: { operation: string }) {
          const tally = await tx.tallies.get('all')
          const { count = 0, operations = [] } = tally ?? {}
          await tx.tallies.put('all', { count: count + 1, operations: [...operations, operation] })
        },
        async hide(tx, { id, text }: { id: string; text: string }) {
          await tx.secrets.put(id, { text, by: tx.user })
        },
        /** Two spaces in one transaction: both or neither. */
        async move(tx, { operation, to }: { operation: string; to: string }) {
          const there = tx.space(to).tallies
          for (const tallies of [tx.tallies, there]) {
            const tally = await tallies?.get('moves')
            const { count = 0, operations = [] } = (tally ?? {}) as Partial<v.InferOutput<typeof Tally>>
            await tallies?.put('moves', { count: count + 1, operations: [...operations, operation] })
          }
        },
      },
    }),
  },
})

export type SimulatedSpace = SpaceIdOf<typeof app>
export const SPACES: readonly SimulatedSpace[] = ['room:a', 'room:b']
