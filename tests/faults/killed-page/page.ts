// Runs in a browser that is killed under it: mutations without pause by the real client, and what is there afterwards.
import { openReplica } from '@tidemark/client'
import { firstValueFrom } from 'rxjs'
import { app } from './app.ts'

const LANES = 5

export interface Seen {
  readonly client: string
  /** Ids of pairs of which both documents are shown. */
  readonly whole: readonly string[]
  /** Ids of which one is. */
  readonly half: readonly string[]
  readonly counted: number
  /** Of what is pending, in order. */
  readonly numbers: readonly number[]
  readonly audit: {
    readonly created: number
    readonly confirmed: number
    readonly refused: number
    readonly pending: number
    readonly discarded: number
  }
}

export interface KilledPage {
  /** Opens the replica, and looks at it before the network does. */
  open(token: string): Promise<Seen>
  /** Several at once, each without pause; tells `saved(id)` of each mutation once its call has resolved. Never ends. */
  write(round: number): Promise<void>
  settle(): Promise<Seen>
}

declare global {
  var saved: (id: string) => Promise<void>
  var killedPage: KilledPage
}

let replica: Awaited<ReturnType<typeof openReplica<typeof app>>>
let room: ReturnType<typeof replica.space<'room:k'>>

async function look(): Promise<Seen> {
  const rows = await room.halves.toArray()
  const found = new Map<string, number>()
  for (const { of } of rows) found.set(of, (found.get(of) ?? 0) + 1)
  const ids = (count: number) => [...found].flatMap(([id, times]) => (times === count ? [id] : []))
  const counted = (await room.counts.get('pairs'))?.count ?? 0
  const numbers = (await firstValueFrom(replica.pending$)).map(({ n }) => n)
  return { client: replica.clientId, whole: ids(2), half: ids(1), counted, numbers, audit: await replica.audit() }
}

globalThis.killedPage = {
  async open(token) {
    replica = await openReplica({ app, url: location.origin, user: 'alice', token: async () => token })
    replica.pause()
    room = replica.space('room:k')
    const seen = await look()
    replica.resume()
    return seen
  },
  async write(round) {
    const lane = async (name: number) => {
      for (let at = 0; ; at++) {
        const id = `${round}-${name}-${at}`
        await room.mutate.pair({ id })
        // Not waited for: the next is under way when the page dies.
        void globalThis.saved(id)
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, name) => lane(name)))
  },
  async settle() {
    await replica.settled()
    return look()
  },
}
