import { type App, collection, defineApp, type SpaceIdOf, space } from '@tidemark/shared'
import * as v from 'valibot'

const Note = v.object({ text: v.string(), by: v.string(), mark: v.optional(v.string()) })
const Tally = v.object({ count: v.number(), operations: v.array(v.string()), mark: v.optional(v.string()) })

const LINES_WINDOW = 4

/** Notes that are only written together: more than a page of the gateway takes. */
export const FIVE: readonly string[] = ['five-1', 'five-2', 'five-3', 'five-4', 'five-5']

/** A mutation that the server can never run while the world is poisoned. */
export const POISON = 'poison'

/**
 * Few documents and correlated writes: collisions are the point. Every mutator leaves a trace by which a second run of it would
 * show. `strike` is called at the beginning of each mutator with its name; where it throws, the mutator does.
 */
export function simulatedApp(strike: (name: string) => void = () => {}) {
  return defineApp({
    version: '1',
    spaces: {
      room: space({
        collections: {
          notes: collection(Note, { write: 'creator' }),
          tallies: collection(Tally),
          secrets: collection(Note, { read: 'creator' }),
          /** The only one of which a first sync brings a part. */
          lines: collection(Note, { window: LINES_WINDOW }),
        },
        mutators: {
          async note(tx, { id }: { id: string }) {
            strike('note')
            await tx.notes.create(id, { text: id, by: tx.user })
          },
          /** Reads, then writes what it read: an overlay that is rerun on a wrong base shows at once. */
          async count(tx, { operation }: { operation: string }) {
            strike('count')
            const { count = 0, operations = [] } = (await tx.tallies.get('all')) ?? {}
            await tx.tallies.put('all', { count: count + 1, operations: [...operations, operation] })
          },
          /** Documents in one commit, which no page may split. */
          async five(tx, { id }: { id: string }) {
            strike('five')
            for (const place of FIVE) await tx.notes.put(place, { text: id, by: tx.user })
          },
          async hide(tx, { id }: { id: string }) {
            strike('hide')
            await tx.secrets.put(id, { text: id, by: tx.user })
          },
          /** Two spaces in one transaction: both or neither. */
          async move(tx, { operation, to }: { operation: string; to: string }) {
            strike('move')
            const there = tx.space(to).tallies
            for (const tallies of [tx.tallies, there]) {
              const tally = await tallies?.get('moves')
              const { count = 0, operations = [] } = (tally ?? {}) as Partial<v.InferOutput<typeof Tally>>
              await tallies?.put('moves', { count: count + 1, operations: [...operations, operation] })
            }
          },
          async [POISON](tx, { id }: { id: string }) {
            strike(POISON)
            await tx.notes.create(id, { text: id, by: tx.user })
          },
        },
      }),
      /** Every reader of it sees the same. */
      hall: space({
        collections: { notes: collection(Note), tallies: collection(Tally), lines: collection(Note, { window: LINES_WINDOW }) },
        mutators: {
          async five(tx, { id }: { id: string }) {
            strike('five')
            for (const place of FIVE) await tx.notes.put(place, { text: id, by: tx.user })
          },
          async count(tx, { operation }: { operation: string }) {
            strike('count')
            const { count = 0, operations = [] } = (await tx.tallies.get('all')) ?? {}
            await tx.tallies.put('all', { count: count + 1, operations: [...operations, operation] })
          },
        },
      }),
    },
  })
}

export type SimulatedApp = ReturnType<typeof simulatedApp>
export type SimulatedSpace = SpaceIdOf<SimulatedApp>
export const SPACES: readonly SimulatedSpace[] = ['room:a', 'room:b', 'hall:c']
/** Mutators that refuse nothing: only a right that was taken does. */
export const NEVER_REFUSED: readonly string[] = ['count', 'move']
/** Collections of a space of this kind. */
export const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  room: ['notes', 'tallies', 'secrets', 'lines'],
  hall: ['notes', 'tallies', 'lines'],
}
/** The app as any caller sees it, without its types. */
export const plainApp = (app: SimulatedApp): App => app as unknown as App
