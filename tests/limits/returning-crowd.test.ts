// Goal: thousands who lose their server at the same moment are all live again soon, at a bounded pace, in one wave. Method: the real server
// process, killed or asked to end, and started again; in another process as many devices, each with the client's own connection machine
// over a bare socket.
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signToken } from '@tidemark/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpuMs } from '../harness/cpu-time.ts'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import type { CrowdOrder, CrowdReport, CrowdWord } from './crowd.child.ts'

const IS_WHOLE = process.env.CI !== undefined
/** TIDEMARK_CROWD: another number of them. */
const CLIENTS = Number(process.env.TIDEMARK_CROWD ?? (IS_WHOLE ? 5000 : 200))
const HELLOS_PER_S = IS_WHOLE ? 1000 : 200
const SPACES = IS_WHOLE ? 100 : 10
const SPACES_OF_EACH = 3
const ALL_LIVE_WITHIN_MS = 60_000
const STEADY_MS = 10_000

describe(`${CLIENTS} connections`, () => {
  const secret = randomBytes(32).toString('base64')
  let data = ''
  let port = 0
  let server: ServerProcess
  let crowd: ChildProcess

  const start = () =>
    startServer({
      data,
      port,
      module: 'tests/harness/wire-backend.ts',
      flags: ['--hellos-per-s', String(HELLOS_PER_S)],
      env: { TIDEMARK_SECRET: secret },
    })
  const say = (word: CrowdWord) => crowd.send(word)
  const report = () =>
    new Promise<CrowdReport>((resolve) => {
      crowd.once('message', (said) => resolve(said as CrowdReport))
      say('tell')
    })
  const allLive = async (): Promise<CrowdReport> => {
    const endMs = Date.now() + ALL_LIVE_WITHIN_MS
    for (;;) {
      const now = await report()
      if (now.live === CLIENTS || Date.now() > endMs) return now
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }

  /** All of them are live again, and none came often; prints how it went. */
  const expectOneWave = (what: string, sinceMs: number, said: CrowdReport, workMs: number, goneWithTheOld = 0): void => {
    const opened = perSecond(said.openedAtMs, sinceMs)
    const liveMs = said.liveAtMs.map((ms) => ms - sinceMs).sort((a, b) => a - b)
    const seconds = (share: number) => ((liveMs[Math.ceil(liveMs.length * share) - 1] ?? 0) / 1000).toFixed(1)
    const live = perSecond(said.liveAtMs, sinceMs)
    const connects = said.openedAtMs.length / CLIENTS
    const away = said.sentAway - goneWithTheOld
    console.log(
      `${what}: ${said.live} live after the server was there, half ${seconds(0.5)}, 99 % ${seconds(0.99)}, all ${seconds(1)} s; connects ${connects.toFixed(2)} a client, at most ${said.connectsMost}, sent away ${away}; sockets opened in each second ${opened.join(' ')}; live ${live.join(' ')}; the crowd stood still for ${said.lagMs.toFixed(0)} ms at most; CPU of the server ${(workMs / CLIENTS).toFixed(2)} ms a client`,
    )
    expect(said.live).toBe(CLIENTS)
    // The pace, by the clock of a process that others keep from running now and then.
    expect(Math.max(...live)).toBeLessThanOrEqual(HELLOS_PER_S * (1.5 + said.lagMs / 1000))
    // No second wave: who comes again was told to, and once.
    expect(connects).toBeLessThan(1.05 + away / CLIENTS)
    expect(away).toBeLessThan(CLIENTS * 1.05)
    expect(said.connectsMost).toBeLessThanOrEqual(3)
  }

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-crowd-'))
    port = await freePort()
    server = await start()
    const token = await signToken({ secret, user: 'writer', nowMs: Date.now(), expiresInS: 3600 })
    for (let at = 0; at < SPACES; at++) {
      const mutation = { n: at + 1, nonce: nonceOf(at + 1), space: `box:b${at}`, name: 'many', args: { count: 20, stem: 'd' }, madeMs: 0 }
      const answer = await fetch(`${server.url}/v1/mutations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ client: `c_${'W'.repeat(22)}`, on: at === 0 ? '' : nonceOf(at), mutations: [mutation] }),
      })
      expect(await answer.json()).toMatchObject({ acks: [{ n: at + 1, in: { [`box:b${at}`]: 1 } }] })
    }
    const order: CrowdOrder = { url: server.url, secret, clients: CLIENTS, spaces: SPACES, spacesOfEach: SPACES_OF_EACH }
    crowd = fork(fileURLToPath(new URL('crowd.child.ts', import.meta.url)), [JSON.stringify(order)], {
      execArgv: ['--conditions=@tidemark/source'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    await new Promise((resolve) => crowd.once('message', resolve))
  }, 60_000)
  afterAll(async () => {
    crowd?.kill('SIGKILL')
    await server?.end('SIGKILL')
    await rm(data, { recursive: true, force: true })
  })

  it('[B11] that come for the first time, all at one moment, are taken in', async () => {
    const sinceMs = Date.now()
    say('start')
    const said = await allLive()
    expectOneWave('first start', sinceMs, said, cpuMs(server.pid))
  })

  it('[B11] whose network comes back at one moment, to a server that was just started, come in one wave', async () => {
    say('forget')
    await server.end('SIGKILL')
    server = await start()
    const readyMs = Date.now()
    say('hint')
    const said = await allLive()
    expectOneWave('kill -9, and a hint to all', readyMs, said, cpuMs(server.pid))
  })

  // These wait for back-offs and windows of many seconds.
  if (!IS_WHOLE) return

  it('[B11] whose server was killed with -9 are live again in one wave, by their own back-off', async () => {
    say('forget')
    await server.end('SIGKILL')
    server = await start()
    const readyMs = Date.now()
    const said = await allLive()
    expectOneWave('kill -9', readyMs, said, cpuMs(server.pid))
  })

  it('[B11] whose server was asked to end come by lot, when the next one is there', async () => {
    // A connection that lasted has used up no attempt.
    await new Promise((resolve) => setTimeout(resolve, STEADY_MS))
    say('forget')
    const endedMs = Date.now()
    expect(await server.end('SIGTERM')).toBe(0)
    expect(Date.now() - endedMs).toBeLessThan(10_000)
    server = await start()
    const readyMs = Date.now()
    const said = await allLive()
    expectOneWave('SIGTERM', readyMs, said, cpuMs(server.pid), CLIENTS)
    expect(Math.min(...said.openedAtMs) - endedMs).toBeGreaterThan(1950)
  })
})

const nonceOf = (n: number) => n.toString(16).padStart(16, '0')

function perSecond(times: readonly number[], sinceMs: number): number[] {
  const counts: number[] = []
  for (const ms of times) {
    const at = Math.max(0, Math.floor((ms - sinceMs) / 1000))
    counts[at] = (counts[at] ?? 0) + 1
  }
  return Array.from(counts, (count) => count ?? 0)
}
