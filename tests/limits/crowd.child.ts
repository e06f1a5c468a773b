// Some thousand devices in a process of their own, that does what its parent says and tells what came of it.
import { signToken } from '@tidemark/server'
import { SUBPROTOCOL } from '@tidemark/shared'
import { WebSocket } from 'ws'
import { ReturningClient } from '../harness/returning-client.ts'

export interface CrowdOrder {
  readonly url: string
  readonly secret: string
  readonly clients: number
  readonly spaces: number
  readonly spacesOfEach: number
}

export type CrowdWord =
  /** Each opens its connection. */
  | 'start'
  /** Forgets what it counted. */
  | 'forget'
  /** To each of them at the same time: the network is back. */
  | 'hint'
  | 'tell'

export interface CrowdReport {
  readonly live: number
  /** When a socket was opened, of all, in ms since the epoch. */
  readonly openedAtMs: readonly number[]
  /** When each that is live became so. */
  readonly liveAtMs: readonly number[]
  readonly connectsMost: number
  readonly sentAway: number
  /** The longest that this process did not get round, since it forgot, in ms: what happens meanwhile it sees all at once. */
  readonly lagMs: number
}

const { url, secret, clients, spaces, spacesOfEach } = JSON.parse(process.argv[2] ?? '') as CrowdOrder

const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms: number, task: () => void) {
    const timer = setTimeout(task, Math.max(0, ms))
    return () => clearTimeout(timer)
  },
}

async function device(at: number): Promise<ReturningClient> {
  const token = await signToken({ secret, user: `u${at}`, nowMs: Date.now(), expiresInS: 3600 })
  const of = Array.from({ length: spacesOfEach }, (_, n) => `box:b${(at * 7 + n * 13) % spaces}`)
  return new ReturningClient(`c_${String(at).padStart(22, 'A')}`, of, {
    clock,
    chance: Math.random,
    token,
    connect(events) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/connect`, SUBPROTOCOL, { perMessageDeflate: false })
      socket.on('open', () => events.opened())
      socket.on('message', (data) => events.text(String(data)))
      socket.on('close', () => events.closed())
      socket.on('error', () => events.closed())
      return { send: (text) => socket.send(text), close: () => socket.terminate() }
    },
  })
}

const LOOK_EVERY_MS = 50
let lookedAtMs = performance.now()
let lagMs = 0
setInterval(() => {
  const nowMs = performance.now()
  lagMs = Math.max(lagMs, nowMs - lookedAtMs - LOOK_EVERY_MS)
  lookedAtMs = nowMs
}, LOOK_EVERY_MS)

const all = await Promise.all(Array.from({ length: clients }, (_, at) => device(at)))

function report(): CrowdReport {
  const liveAtMs = all.flatMap((one) => one.liveAtMs ?? [])
  return {
    live: liveAtMs.length,
    openedAtMs: all.flatMap((one) => one.openedAtMs),
    liveAtMs,
    connectsMost: all.reduce((most, one) => Math.max(most, one.openedAtMs.length), 0),
    sentAway: all.reduce((sum, one) => sum + one.sentAway, 0),
    lagMs,
  }
}

process.on('message', (word: CrowdWord) => {
  if (word === 'start') for (const one of all) one.start()
  if (word === 'forget') {
    lagMs = 0
    for (const one of all) one.forget()
  }
  if (word === 'hint') for (const one of all) one.hint()
  if (word === 'tell') process.send?.(report())
})
process.send?.('ready')
