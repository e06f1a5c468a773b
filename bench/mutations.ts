import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Batch, Device, openMany, WireClient } from './drive/wire-client.ts'
import { withFolder } from './folder.ts'
import { assertDone, type Figure, figuresOf, type Round } from './measure/figure.ts'
import { type Subject, startSubject } from './measure/subject.ts'
import type { Scale } from './scale.ts'
import type { BareWsReady } from './subjects/bare-ws.child.ts'
import type { Groups, TidemarkReady } from './subjects/tidemark.child.ts'
import { tokenFor } from './token.ts'

interface Case {
  readonly clients: number
  /** Somebody who types sends one at a time, an outbox that empties itself full batches. Each client has one batch under way, as the real one does. */
  readonly batched: boolean
  readonly over: 'WebSocket' | 'HTTP'
}

const CASES: readonly Case[] = [
  { clients: 1, batched: false, over: 'WebSocket' },
  { clients: 1, batched: true, over: 'WebSocket' },
  { clients: 50, batched: false, over: 'WebSocket' },
  { clients: 50, batched: true, over: 'WebSocket' },
  { clients: 50, batched: false, over: 'HTTP' },
]

/** Durable acknowledged mutations, beside bare node:sqlite that writes the same rows, and beside that behind a bare `ws`. */
export function mutations({ rounds, mutations }: Scale): Promise<readonly Figure[]> {
  return withFolder(async (folder) => {
    const ours = await startSubject<TidemarkReady>('tidemark', { data: folder('ours') })
    const sqlite = await startSubject('bare-sqlite', { data: folder('sqlite') })
    const wireSqlite = await startSubject<BareWsReady>('bare-ws', { data: folder('wire-sqlite') })
    const figures: Figure[] = []
    let done = 0
    for (const { clients, batched, over } of CASES) {
      const batch = batched ? mutations.batch : 1
      const batches = Math.max(1, Math.round(mutations[batched ? 'batched' : 'single'] / (clients * batch)))
      const count = batches * clients * batch
      let group = 1
      const run = async (): Promise<Round> => {
        const groupsBefore = await ours.ask<Groups>('groups')
        const our = await measured(ours, over, clients, batch, batches)
        group = Math.max(1, Math.round(count / ((await ours.ask<Groups>('groups')) - groupsBefore)))
        const beganMs = performance.now()
        const floorCpuS = await sqlite.cpuS(() => sqlite.ask('write', { clients, batch, mutations: count, group }))
        const floorS = (performance.now() - beganMs) / 1000
        done += count
        const wire = await measured(wireSqlite, over, clients, batch, batches)
        const by = over === 'HTTP' ? 'node:http + node:sqlite' : 'ws + node:sqlite'
        return {
          'CPU µs a mutation': {
            ours: (our.cpuS / count) * 1e6,
            'node:sqlite': (floorCpuS / count) * 1e6,
            [by]: (wire.cpuS / count) * 1e6,
          },
          'mutations/s': { ours: count / our.wallS, 'node:sqlite': count / floorS, [by]: count / wire.wallS },
        }
      }
      const name = `${clients} client${clients === 1 ? '' : 's'}, ${batch === 1 ? 'one at a time' : `batches of ${batch}`}, ${over}`
      // Not counted: the machine's code is compiled.
      await run()
      figures.push(...(await figuresOf('mutations', name, rounds, ['mutations/s'], () => ({ mutations: count, group }), run)))
    }
    await Promise.all([ours.end(), sqlite.end(), wireSqlite.end()])
    assertSame(folder('ours'), folder('sqlite'), done)
    assertSame(folder('ours'), folder('wire-sqlite'), done)
    return figures
  })
}

/** Sends, waits for every ack, and gives the time that it took. */
async function measured(
  subject: Subject<TidemarkReady>,
  over: Case['over'],
  clients: number,
  batch: number,
  batches: number,
): Promise<{ readonly cpuS: number; readonly wallS: number }> {
  const { url } = subject.ready
  const senders = await openMany(clients, (at) => (over === 'HTTP' ? httpSender(url, at) : wireSender(url, at)))
  let beganMs = 0
  let acks = 0
  const cpuS = await subject.cpuS(async () => {
    beganMs = performance.now()
    const send = async (sender: Sender) => {
      for (let i = 0; i < batches; i++) {
        const answer = await sender.send(sender.device.batch(batch))
        acks += done(answer)
      }
    }
    await Promise.all(senders.map(send))
  })
  const wallS = (performance.now() - beganMs) / 1000
  for (const { close } of senders) close()
  assertDone('acks', acks, clients * batch * batches)
  return { cpuS, wallS }
}

interface Sender {
  readonly device: Device
  /** The answer of protocol §6, as text. */
  send(batch: Batch): Promise<string>
  close(): void
}

async function wireSender(url: string, at: number): Promise<Sender> {
  const device = new Device(`u${at}`, `room:r${at}`)
  const client = await WireClient.open(url, device, [])
  return {
    device,
    send: (batch) =>
      new Promise((resolve) => {
        client.onFrame = resolve
        client.send({ t: 'mutate', ...batch })
      }),
    close: () => client.close(),
  }
}

async function httpSender(url: string, at: number): Promise<Sender> {
  const device = new Device(`u${at}`, `room:r${at}`)
  const headers = { authorization: `Bearer ${await tokenFor(device.user)}`, 'content-type': 'application/json' }
  return {
    device,
    async send(batch) {
      const answer = await fetch(`${url}/v1/mutations`, { method: 'POST', headers, body: JSON.stringify(batch) })
      return answer.text()
    },
    close() {},
  }
}

/** How many mutations an answer says are done. */
function done(answer: string): number {
  const { acks, error } = JSON.parse(answer) as { acks: readonly { readonly in?: object }[]; error?: { message: string } }
  if (error !== undefined) throw new Error(error.message)
  return acks.filter((ack) => ack.in !== undefined).length
}

/** Both wrote the rows, and rows of the same size. */
function assertSame(ours: string, floor: string, mutations: number): void {
  const [a, b] = [read(ours), read(floor)]
  for (const table of ['documents', 'commits'] as const) {
    assertDone(`our ${table}`, a[table], mutations)
    assertDone(`${table} of the floor`, b[table], mutations)
  }
  for (const bytes of ['docBytes', 'bodyBytes'] as const)
    if (Math.abs(a[bytes] / b[bytes] - 1) > 0.05) throw new Error(`${bytes}: ours ${a[bytes]}, the floor's ${b[bytes]}`)
}

function read(folder: string): Record<'documents' | 'commits' | 'docBytes' | 'bodyBytes', number> {
  const db = new DatabaseSync(join(folder, 'tidemark.db'), { readOnly: true })
  try {
    return db
      .prepare(
        `select (select count(*) from documents) as documents, (select count(*) from commits) as commits,
          (select avg(length(doc)) from documents) as docBytes, (select avg(length(body)) from commits) as bodyBytes`,
      )
      .get() as ReturnType<typeof read>
  } finally {
    db.close()
  }
}
