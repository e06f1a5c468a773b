import type { App } from '@tidemark/shared'
import { type ReactNode, Suspense } from 'react'
import { BehaviorSubject, Observable } from 'rxjs'
import {
  hooksFor,
  useDocument,
  useMutation,
  useObservable,
  usePending,
  useQuery,
  useRefused,
  useStatus,
  useSuspenseQuery,
} from '../react.ts'
import type { Replica, Sent, Status } from '../replica-api.ts'
import { type FakeQuery, fakeQuery } from './fake-query.ts'

interface ServedRoom {
  readonly messages: FakeQuery
  readonly newest: FakeQuery
  readonly mutate: { send(args: { text: string }): Promise<Sent> }
}
/** A replica that counts what is opened of it. */
export interface ServedReplica extends Pick<ServedRoom, 'messages' | 'newest'> {
  readonly replica: Replica<App>
  /** Spaces that are open. */
  readonly held: Set<object>
  /** How often anything was subscribed to. */
  subscriptions(): number
}

export function servedReplica(name: string): ServedReplica {
  let subscriptions = 0
  const held = new Set<object>()
  const [messages, newest] = [fakeQuery(`${name} messages`), fakeQuery(`${name} newest`)]
  const counted = <T,>(value: T) =>
    new Observable<T>((subscriber) => {
      subscriptions++
      return new BehaviorSubject(value).subscribe(subscriber)
    })
  const status: Status = { phase: 'live', spaces: {}, pending: 1, refused: 0, beatS: 30, storage: { durable: true } }
  const replica = {
    status$: counted(status),
    pending$: counted([{ n: 1 }]),
    rejected$: counted([]),
    space() {
      const room = { messages, newest, mutate: { send: () => Promise.reject(new Error('not sent')) }, close: () => held.delete(room) }
      held.add(room)
      return room
    },
  } as unknown as Replica<App>
  return { replica, messages, newest, held, subscriptions: () => subscriptions }
}

const { ReplicaProvider, useReplica, useSpace } = hooksFor<App>()

/** Every hook on one page. */
export function ServedPage({ replica }: { replica: Replica<App> | undefined }): ReactNode {
  return (
    <ReplicaProvider replica={replica} fallback={<p>opening</p>}>
      <Everything />
      <Suspense fallback={<p>waiting</p>}>
        <Newest />
      </Suspense>
    </ReplicaProvider>
  )
}

function useRoom(): ServedRoom {
  return useSpace('room:1') as unknown as ServedRoom
}
function Everything(): ReactNode {
  const room = useRoom()
  const { docs, isLoading } = useQuery(room.messages)
  const { doc } = useDocument({ query: room.messages as never })
  const phase = useStatus((status) => status.phase)
  const pending = usePending().length
  const refused = useRefused().length
  const { state } = useMutation(room.mutate.send)
  const { beatS } = useObservable(useReplica().status$, UNKNOWN)
  const first = (doc as { text: string } | undefined)?.text ?? 'none'
  return <p>{[isLoading ? 'loading' : docs.length, first, phase, pending, refused, state, beatS].join(' ')}</p>
}
const UNKNOWN = { beatS: 0 } as Status

function Newest(): ReactNode {
  const docs = useSuspenseQuery(useRoom().newest)
  return <p>{docs.map(({ text }) => text).join(' ')}</p>
}

/** What a server makes of it. */
export const SERVED_HTML = '<p>loading none connecting 0 0 idle 0</p><!--$!--><template></template><p>waiting</p><!--/$-->'
