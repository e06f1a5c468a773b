import type { Refused, Status } from '@tidemark/client'
import {
  connect,
  createReplica,
  fixedBeat,
  handClock,
  type MemoryStorage,
  memoryStorage,
  NO_HINTS,
  type Transport,
} from '@tidemark/client/testing'
import { kindOf } from '@tidemark/shared'
import { WireCopy, type WireRange } from '../harness/wire-copy.ts'
import { seededRandom } from '../simulation/seeded-random.ts'
import { app } from './fuzzed-backend.ts'
import { HonestServer } from './honest-server.ts'
import { HostileServer } from './hostile-server.ts'

const USER = 'visitor'
const SPACES = ['room:a', 'box:a'] as const
/** In so many steps of so many ms it hears the hostile server. */
const HOSTILE_STEPS = 480
const STEP_MS = 1000
const WRITES = 12
/** A server may ask to wait an hour, and no longer; after that all must come right within a few tries. */
const HEAL_MS = 4_000_000
const HEAL_STEP_MS = 5000

export interface Visit {
  readonly failures: readonly string[]
  /** Frames and answers that the hostile server said. */
  readonly said: number
  /** Mutations whose call resolved. */
  readonly saved: number
}

/** A client that meets a hostile server for a while, and writes meanwhile; then the honest one, with which it must come right. */
export async function visit(seed: number, { acknowledges }: { readonly acknowledges: boolean }): Promise<Visit> {
  const chance = seededRandom(seed)
  const clock = handClock()
  const hostile = new HostileServer(clock, seededRandom(Math.imul(seed, 0x9e3779b1)), USER, acknowledges)
  const honest = new HonestServer(clock)
  let present: Transport = hostile
  const storage = memoryStorage()
  const network: Transport = { connect: (events) => present.connect(events), request: (request) => present.request(request) }
  const replica = await createReplica({
    connect,
    app,
    user: USER,
    token: () => USER,
    storage,
    durable: true,
    tables: () => ({ scope: () => ({}) as never, table: () => undefined, close() {} }),
    transport: network,
    clock,
    random: seededRandom(Math.imul(seed, 0x85ebca6b)),
    lifecycle: NO_HINTS,
    network: NO_HINTS,
    beat: fixedBeat,
  })
  let status: Status | undefined
  let refusals: readonly Refused[] = []
  replica.rejected$.subscribe((now) => {
    refusals = now
  })
  replica.status$.subscribe((now) => {
    status = now
  })
  const step = async (ms: number) => {
    clock.advance(ms)
    await settle()
    await honest.settle()
  }

  const [room, box] = [replica.space('room:a'), replica.space('box:a')]
  const saved: string[] = []
  const write = (id: string) => {
    const made = chance.chance(0.5) ? room.mutate.send({ id, text: id }) : box.mutate.put({ c: 'open', id, doc: { text: id } })
    // A document of the hostile server may stand in its way.
    made.then(
      () => saved.push(id),
      () => {},
    )
  }
  for (let at = 0; at < HOSTILE_STEPS; at++) {
    if (at % (HOSTILE_STEPS / WRITES) === 5) write(`w${at}`)
    if (chance.chance(0.01)) room.messages.older().catch(() => {})
    await step(STEP_MS)
  }
  await step(0)

  present = honest
  const failures: string[] = []
  for (let spentMs = 0; spentMs < HEAL_MS; spentMs += HEAL_STEP_MS) {
    await step(HEAL_STEP_MS)
    if (spentMs % 60_000 !== 0) continue
    failures.splice(0, failures.length, ...(await whatIsWrong()))
    if (failures.length === 0) break
  }
  await replica.close()
  return { failures, said: hostile.said, saved: saved.length }

  async function whatIsWrong(): Promise<string[]> {
    const wrong: string[] = []
    const { created, confirmed, refused, pending, discarded } = await replica.audit()
    if (created !== confirmed + refused + pending + discarded || created !== saved.length)
      wrong.push(`the audit does not add up: ${created}`)
    if (pending > 0)
      wrong.push(
        `${pending} still pending, ${status?.phase}, ${status?.blocked?.code}, ${status?.because}, until ${(status?.retryAtMs ?? 0) - clock.nowMs()}`,
      )
    const done = new Set<string>()
    for (const space of SPACES) {
      const copy = new WireCopy()
      copy.take(
        JSON.parse((await honest.request({ path: `/v1/spaces/${space}/changes?since=0`, token: USER, timeoutMs: 0 })).text) as WireRange,
      )
      const there = new Map([...copy.docs].map(([key, { doc }]) => [key, canonical(doc)]))
      for (const key of there.keys()) done.add(key.split('/')[1] as string)
      const held = heldIn(storage, space)
      if (held === undefined ? copy.version > 0 : held.version !== copy.version)
        wrong.push(`${space} stands at ${held?.version}, the server at ${copy.version}`)
      for (const key of new Set([...there.keys(), ...(held?.documents.keys() ?? [])]))
        if (there.get(key) !== held?.documents.get(key))
          wrong.push(`${key} of ${space} is ${held?.documents.get(key)}, not ${there.get(key)}`)
    }
    const told = new Set(refusals.map(({ args }) => args.id))
    for (const id of saved) if (!done.has(id) && !told.has(id)) wrong.push(`${id} was saved, and is neither on the server nor refused`)
    return wrong
  }
}

/** One turn of the event loop is enough for a frame; a few are for what it leads to. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

const canonical = (doc: object) => JSON.stringify(Object.entries(doc).sort(([a], [b]) => (a < b ? -1 : 1)))

/** What the disk holds of a space, without what is pending on top; undefined where there is no copy. */
function heldIn(
  storage: MemoryStorage,
  space: string,
): { readonly version: number; readonly documents: ReadonlyMap<string, string> } | undefined {
  const rows = JSON.parse(storage.dump()) as Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>
  const copy = rows.copies?.find((row) => row.space === space)
  if (copy === undefined) return undefined
  const documents = new Map<string, string>()
  for (const [table, documentRows] of Object.entries(rows)) {
    if (!table.startsWith(`${kindOf(space)}_`)) continue
    for (const { $s, $id, $k, $v, $b, $p, ...doc } of documentRows)
      if ($s === copy.$s) documents.set(`${table.slice(kindOf(space).length + 1)}/${$id}`, canonical(doc))
  }
  for (const { s, table, id, at } of (rows.base ?? []) as unknown as readonly {
    s: number
    table: string
    id: string
    at?: { doc: object }
  }[]) {
    if (s !== copy.$s) continue
    const key = `${table.slice(kindOf(space).length + 1)}/${id}`
    if (at === undefined) documents.delete(key)
    else documents.set(key, canonical(at.doc))
  }
  return { version: copy.version as number, documents }
}
