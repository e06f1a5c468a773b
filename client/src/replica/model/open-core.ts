import type { Ack, App, Change } from '@tidemark/shared'
import { chatApp } from '../../testing/chat-app.ts'
import { type HandClock, handClock } from '../../testing/hand-clock.ts'
import { seededRandom } from '../../testing/seeded-random.ts'
import { type MemoryStorage, memoryStorage } from '../memory-storage.ts'
import { createReplicaCore, type ReplicaCore } from '../replica-core.ts'
import type { Row } from '../storage.ts'

export const room = 'room:1'

interface Opening {
  readonly storage?: MemoryStorage
  readonly app?: App
  readonly seed?: number
}
/** A core of alice's on a storage in memory. */
export async function openCore({ storage = memoryStorage(), app = chatApp, seed = 1 }: Opening = {}): Promise<{
  readonly core: ReplicaCore
  readonly clock: HandClock
  readonly storage: MemoryStorage
}> {
  const clock = handClock()
  const core = await createReplicaCore({ app, storage, clock, random: seededRandom(seed), user: 'alice' })
  return { core, clock, storage }
}

export function rows(core: ReplicaCore, table: string): Promise<readonly Row[]> {
  return core.storage.read([table], (tx) => tx.list(table))
}

/** What an app would read: documents of the copy that is shown, in order of creation. */
export async function view(core: ReplicaCore, space: string = room, table = 'room_messages'): Promise<Row[]> {
  const s = core.shownAs(space)
  return (await rows(core, table)).filter((row) => row.$s === s).sort((a, b) => (a.$b as number) - (b.$b as number))
}

/** The messages; `?` marks what is pending. */
export async function texts(core: ReplicaCore, space: string = room): Promise<string[]> {
  return (await view(core, space)).map((row) => `${row.text}${row.$p ? '?' : ''}`)
}

/** The value of a counter. */
export async function value(core: ReplicaCore, space: string, id: string): Promise<unknown> {
  return (await view(core, space, `${space.split(':')[0]}_counters`)).find((row) => row.$id === id)?.value
}

export function counter(v: number, id: string, of: number, more: object = {}): Change {
  return { v, c: 'counters', id, put: { value: of }, ...more } as unknown as Change
}

export function done(n: number, nonce: string, versions: object): Ack {
  return { n, nonce, in: versions } as unknown as Ack
}

export function refusal(n: number, nonce: string): Ack {
  return { n, nonce, error: { code: 'rejected', message: 'no', retryable: false } }
}

/** How a call ended: `fine`, or its error's code. */
export function code(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'fine',
    (error) => error.code ?? error.message,
  )
}
