// What the hooks infer from an app's definition: what is wrong here does not compile, and the check compiles this file.
import { collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'
import { expect, it } from 'vitest'
import { hooksFor, useDocument, useMutation, useQuery, useStatus, useSuspenseQuery } from '../react.ts'

const app = defineApp({
  version: '1',
  spaces: {
    user: space({ collections: { chats: collection(v.object({ title: v.string() })) } }),
    room: space({
      collections: { messages: collection(v.object({ text: v.string(), likes: v.number() }), { indexes: ['likes'] }) },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          await tx.messages.create(id, { text, likes: 0 })
        },
      },
    }),
  },
})
const { ReplicaProvider, useReplica, useSpace } = hooksFor<typeof app>()

/** Compiled, never run. */
function Typed() {
  const room = useSpace('room:1')
  const user = useSpace(`user:${useReplica().user}`)
  // @ts-expect-error there is no such kind
  useSpace('channel:1')
  // @ts-expect-error rooms have no chats
  useQuery(room.chats)

  const { docs } = useQuery(room.messages.where({ likes: 3 }).orderBy('likes', 'desc'))
  const likes: number | undefined = docs[0]?.likes
  // @ts-expect-error there is no field stars
  docs[0]?.stars
  // @ts-expect-error a query of Dexie is not watched: with a direction it is
  useQuery(room.messages.orderBy('likes'))
  const title: string | undefined = useQuery(user.chats).docs[0]?.title
  const maybe: string | undefined = useQuery(likes ? room.messages : undefined).docs[0]?.text

  const { doc } = useDocument(room.messages.doc('m1'))
  const text: string | undefined = doc?.text
  const [first] = useSuspenseQuery(room.messages)
  const id: string | undefined = first?.$id

  const send = useMutation(room.mutate.send)
  void send.run({ id: 'm1', text: 'hi' })
  // @ts-expect-error text is missing
  void send.run({ id: 'm1' })
  if (send.state === 'pending') void send.sent.confirmed
  // @ts-expect-error there may be nothing sent
  else void send.sent.confirmed

  const phase: 'live' | (string & {}) = useStatus((status) => status.phase)
  const pending: number = useStatus().pending
  // @ts-expect-error there is no such phase
  useStatus((status) => status.phase === 'asleep')
  return [likes, title, maybe, text, id, phase, pending].join()
}

it('a provider takes the replica of its app', () => {
  const replica = {} as ReturnType<typeof useReplica>
  const page = (
    <ReplicaProvider replica={replica}>
      <Typed />
    </ReplicaProvider>
  )
  expect(page.props.replica).toBe(replica)
})
