// Goal: the same crowd as in returning-crowd.test.ts, ten thousand of them, without a machine that is too slow for it. Method: a real server
// and the client's own connection machine in one process, on a clock that moves by hand; sockets are pipes that take some tens of ms.

import { seededRandom } from '@tidemark/client/testing'
import { createSyncServer, memoryChangelog, type SyncServer } from '@tidemark/server'
import type { Clock } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type ClientSocketEvents, ReturningClient } from '../harness/returning-client.ts'
import { access, app } from '../harness/wire-backend.ts'

const CLIENTS = process.env.CI === undefined ? 500 : 10_000
const HELLOS_PER_S = CLIENTS / 10
const SPACES = 20
const RESTART_MS = 2000
const LATENCY_MS_MIN = 10
const LATENCY_MS_MAX = 80

/** Time that moves a millisecond at a time, with whatever follows from it. */
class SteppedClock implements Clock {
  #ms = 0
  readonly #at = new Map<number, Set<() => void>>()

  nowMs = () => 1_700_000_000_000 + this.#ms
  monotonicMs = () => this.#ms

  after(ms: number, task: () => void): () => void {
    const atMs = this.#ms + Math.max(1, Math.ceil(ms))
    const tasks = this.#at.get(atMs) ?? new Set()
    this.#at.set(atMs, tasks.add(task))
    return () => tasks.delete(task)
  }

  async pass(ms: number, until: () => boolean = () => false): Promise<void> {
    const endMs = this.#ms + ms
    while (this.#ms < endMs && !until()) {
      const due = this.#at.get(++this.#ms)
      if (due === undefined) continue
      this.#at.delete(this.#ms)
      for (const task of due) task()
      // Authentication and reads take turns of the event loop, not time.
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

class Crowd {
  readonly clock = new SteppedClock()
  readonly #random = seededRandom(1)
  readonly #changelog = memoryChangelog()
  readonly #open = new Set<{ cut(): void }>()
  #server: SyncServer<typeof app> | undefined
  readonly clients: readonly ReturningClient[]

  constructor() {
    this.start()
    this.clients = Array.from({ length: CLIENTS }, (_, at) => {
      const spaces = [`box:b${at % SPACES}`, `box:b${(at * 7 + 1) % SPACES}`]
      return new ReturningClient(`c_${String(at).padStart(22, 'A')}`, spaces, {
        clock: this.clock,
        chance: () => this.#random.unit(),
        token: `u${at}`,
        connect: (events) => this.#connect(events),
      })
    })
  }

  get live(): number {
    return this.clients.reduce((count, { liveAtMs }) => count + (liveAtMs === undefined ? 0 : 1), 0)
  }

  start(): void {
    this.#server = createSyncServer({
      app,
      access,
      changelog: { ...this.#changelog, close: async () => {} },
      authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
      clock: this.clock,
      gateway: { hellosPerS: HELLOS_PER_S },
      restartMs: RESTART_MS,
    })
  }

  async fill(): Promise<void> {
    for (let at = 0; at < SPACES; at++) await this.#server?.commit(`box:b${at}`, (tx) => tx.open.put('a', { at }))
  }

  kill(): void {
    this.#server = undefined
    for (const socket of [...this.#open]) socket.cut()
  }

  async end(): Promise<void> {
    const ended = this.#server?.close()
    this.#server = undefined
    await this.clock.pass(RESTART_MS)
    await ended
  }

  async allLive(): Promise<void> {
    let looked = 0
    await this.clock.pass(120_000, () => ++looked % 100 === 0 && this.live === CLIENTS)
  }

  /** One connection over a network that takes its time, each way in order. */
  #connect(events: ClientSocketEvents): { send(text: string): void; close(): void } {
    const latencyMs = LATENCY_MS_MIN + this.#random.unit() * (LATENCY_MS_MAX - LATENCY_MS_MIN)
    const later = (task: () => void) => this.clock.after(latencyMs, task)
    let isOver = false
    let toServer: { text(frame: string): void; closed(): void } | undefined
    const socket = {
      cut: () => {
        if (isOver) return
        isOver = true
        this.#open.delete(socket)
        later(() => events.closed())
      },
    }
    later(() => {
      const server = this.#server
      if (isOver) return
      if (server === undefined) return socket.cut()
      this.#open.add(socket)
      toServer = server.gateway.accept({
        bufferedBytes: 0,
        send: (text) => void later(() => events.text(text)),
        close: () => void later(socket.cut),
        terminate: socket.cut,
        pause() {},
        resume() {},
      })
      later(() => events.opened())
    })
    return {
      send: (text) => void later(() => toServer?.text(text)),
      close: () => {
        isOver = true
        this.#open.delete(socket)
        later(() => toServer?.closed())
      },
    }
  }
}

describe(`${CLIENTS} connections, in virtual time`, () => {
  const crowd = new Crowd()

  /** Each second's count, from `sinceMs` on. */
  const perSecond = (times: readonly number[], sinceMs: number): number[] => {
    const counts: number[] = []
    for (const ms of times) counts[Math.floor((ms - sinceMs) / 1000)] = (counts[Math.floor((ms - sinceMs) / 1000)] ?? 0) + 1
    return Array.from(counts, (count) => count ?? 0)
  }

  const expectOneWave = (what: string, sinceMs: number, goneWithTheOld = 0): { lastS: number } => {
    const liveAtMs = crowd.clients.flatMap((one) => one.liveAtMs ?? [])
    const openings = crowd.clients.flatMap((one) => one.openedAtMs)
    const away = crowd.clients.reduce((sum, one) => sum + one.sentAway, 0) - goneWithTheOld
    const lastS = (Math.max(...liveAtMs) - sinceMs) / 1000
    const live = perSecond(liveAtMs, sinceMs)
    console.log(
      `${what}: all live after ${lastS.toFixed(1)} s; ${(openings.length / CLIENTS).toFixed(2)} connects a client, ${away} sent away; opened in each second ${perSecond(openings, sinceMs).join(' ')}; live ${live.join(' ')}`,
    )
    expect(liveAtMs).toHaveLength(CLIENTS)
    expect(Math.max(...live)).toBeLessThanOrEqual(HELLOS_PER_S * 1.11)
    // Nobody comes twice who was not told to, and hardly anybody is told twice.
    expect(openings.length - CLIENTS).toBe(away)
    expect(crowd.clients.filter((one) => one.openedAtMs.length > 2).length).toBeLessThan(CLIENTS / 100)
    for (const one of crowd.clients) one.forget()
    return { lastS }
  }

  it('[B11] that come at one moment: some are held, the others come back to a place of their own, and find it', async () => {
    await crowd.fill()
    const sinceMs = crowd.clock.nowMs()
    for (const one of crowd.clients) one.start()
    await crowd.allLive()
    expect(expectOneWave('at one moment', sinceMs).lastS).toBeLessThan(25)
  })

  it('[B11] whose server is killed come by their own back-off, in one wave', async () => {
    await crowd.clock.pass(11_000)
    crowd.kill()
    await crowd.clock.pass(RESTART_MS)
    crowd.start()
    const sinceMs = crowd.clock.nowMs()
    await crowd.allLive()
    expectOneWave('killed', sinceMs)
  })

  it('[B11] whose network comes back at one moment, too', async () => {
    await crowd.clock.pass(11_000)
    crowd.kill()
    await crowd.clock.pass(RESTART_MS)
    crowd.start()
    const sinceMs = crowd.clock.nowMs()
    for (const one of crowd.clients) one.hint()
    await crowd.allLive()
    expectOneWave('killed, and a hint to all', sinceMs)
  })

  it('[B11] whose server ends come in the window that it names: none is held for long, none sent away', async () => {
    await crowd.clock.pass(11_000)
    await crowd.end()
    crowd.start()
    const sinceMs = crowd.clock.nowMs()
    await crowd.allLive()
    expect(expectOneWave('ended', sinceMs, CLIENTS).lastS).toBeLessThan(13)
  })
})
