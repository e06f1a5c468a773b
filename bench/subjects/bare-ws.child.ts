// The floor of a live connection: `ws` and nothing else. With `data` it also writes the rows of each mutation that comes, in groups, and
// acknowledges it; over node:http too.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Batch } from '../drive/wire-client.ts'
import { underTest } from '../measure/under-test.ts'
import { BareSqlite } from './bare-rows.ts'

export interface BareWsReady {
  readonly url: string
}

const { data } = JSON.parse(process.argv[2] ?? '{}') as { data?: string }
const rows = data === undefined ? undefined : await BareSqlite.open(data)
const sockets = new Set<WebSocket>()
let waiting: { readonly answer: (text: string) => void; readonly batch: Batch }[] = []
let groups = 0

const http = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const batch = JSON.parse(Buffer.concat(chunks).toString()) as Batch
  take(batch, (text) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text),
  )
})
const wss = new WebSocketServer({ server: http, clientTracking: false, perMessageDeflate: false, handleProtocols: () => 'tidemark.1' })
wss.on('connection', (ws) => {
  sockets.add(ws)
  ws.on('close', () => sockets.delete(ws))
  ws.on('error', () => {})
  ws.on('message', (text: Buffer) => {
    const frame = JSON.parse(text.toString()) as { t: string; spaces?: object } & Batch
    if (frame.t === 'mutate') return take(frame, (text) => ws.send(text))
    // As many frames as a client that says hello waits for.
    for (let i = 0; i <= Object.keys(frame.spaces ?? {}).length; i++) ws.send('{"t":"welcome"}')
  })
})

function take(batch: Batch, answer: (text: string) => void): void {
  if (waiting.length === 0) setImmediate(writeGroup)
  waiting.push({ answer, batch })
}

function writeGroup(): void {
  const group = waiting
  waiting = []
  if (rows === undefined) return
  groups += 1
  rows.begin()
  const answers = group.map(({ answer, batch: { client, mutations } }) => {
    const acks = mutations.map(({ n, nonce, space }) => ({ n, nonce, in: { [space]: rows.write({ room: space, user: 'u1', client, n }) } }))
    return { answer, text: JSON.stringify({ t: 'ack', client, acks }) }
  })
  rows.commit()
  for (const { answer, text } of answers) answer(text)
}

http.listen(0, '127.0.0.1', () => {
  underTest({ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` } satisfies BareWsReady, {
    groups: () => groups,
    /** The same bytes to everybody. */
    broadcast(text: string) {
      const bytes = Buffer.from(text)
      for (const ws of sockets) ws.send(bytes, { binary: false })
    },
  })
})
