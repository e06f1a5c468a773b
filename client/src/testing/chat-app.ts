import { type App, type CollectionDefinition, collection, defineApp, lane, space } from '@tidemark/shared'

type Fields = Readonly<Record<string, 'string' | 'number'>>
/** The smallest Standard Schema: an object of just these fields. */
function object(fields: Fields): CollectionDefinition['schema'] {
  return {
    '~standard': {
      version: 1,
      vendor: 'tidemark-testing',
      validate(value) {
        const document = value as Record<string, unknown>
        for (const [field, type] of Object.entries(fields))
          if (typeof document[field] !== type) return { issues: [{ message: `not a ${type}`, path: [field] }] }
        return { value: Object.fromEntries(Object.keys(fields).map((field) => [field, document[field]])) }
      },
    },
  }
}

const messages = collection(object({ text: 'string', author: 'string', sentAtMs: 'number' }), {
  indexes: ['sentAtMs' as never],
  window: 50,
}) as CollectionDefinition<{ text: string; author: string; sentAtMs: number }>
const counters = collection(object({ value: 'number' })) as CollectionDefinition<{ value: number }>

/** The app of the replica's tests: a chat, and counters that one mutator moves between two spaces. */
export const chatApp: App = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { counters } }),
    live: space({ lanes: { danmu: lane(object({ text: 'string' }), { text: 'text' as never, archiveMs: 3_600_000 }) }, presence: 'who' }),
    room: space({
      collections: { messages, counters },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          if (text === 'spam') tx.reject('no spam here')
          await tx.messages.create(id, { text, author: tx.user, sentAtMs: tx.nowMs })
        },
        async draw(tx, { id }: { id: string }) {
          if (tx.isServer) await tx.counters.put(id, { value: tx.random() })
        },
        async drawHere(tx, { id }: { id: string }) {
          await tx.counters.put(id, { value: tx.random() })
        },
        async edit(tx, { id, text }: { id: string; text: string }) {
          await tx.messages.patch(id, { text })
        },
        async increment(tx, { id }: { id: string }) {
          const counter = await tx.counters.get(id)
          await tx.counters.put(id, { value: (counter?.value ?? 0) + 1 })
        },
        async copyTo(tx, { to, id }: { to: string; id: string }) {
          const counter = await tx.counters.get(id)
          const { counters } = tx.space(to)
          await counters?.put(id, { value: counter?.value ?? 0 })
        },
      },
    }),
  },
})
