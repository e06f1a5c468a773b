import { defineApp, lane, space } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { app, everybody } from '../test/backend-world.ts'
import { FakeSocket } from '../test/fake-socket.ts'
import { settle, VirtualClock } from '../test/virtual-clock.ts'
import { memoryChangelog } from './changelog/memory/memory-changelog.ts'
import type { LaneStore } from './lanes/lane-store.ts'
import { memoryLaneStore } from './lanes/memory/memory-lane-store.ts'
import { createSyncServer, type SyncServerOptions } from './sync-server.ts'

const DAY_MS = 24 * 3_600_000

function running(options: Partial<SyncServerOptions<typeof app>> = {}) {
  const clock = new VirtualClock()
  const changelog = memoryChangelog()
  const server = createSyncServer({
    app,
    changelog,
    authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
    access: everybody(app),
    clock,
    ...options,
  })
  const logStart = () => changelog.read('default', (tx) => tx.logStart('open:1'))
  return { clock, changelog, server, logStart }
}

describe('a sync server', () => {
  it('forgets by itself what it was told to keep no longer, and when it ends it stops that first', async () => {
    const { clock, changelog, server, logStart } = running({ retention: { keepLogMs: DAY_MS } })
    const note = { collection: 'notes', id: 'a', creator: 'alice', created: 'now' as const, doc: '{"text":"x"}' }
    await changelog.write((tenant) => tenant('default').commit('open:1', [note], undefined, clock.nowMs()))
    await clock.pass(DAY_MS / 2)
    expect(await logStart()).toBe(0)
    await clock.pass(DAY_MS)
    expect(await logStart()).toBe(1)
    let isClosed = false
    void server.close().then(() => {
      isClosed = true
    })
    for (let turn = 0; turn < 20 && !isClosed; turn++) {
      await clock.pass(1000)
      await settle()
    }
    expect([isClosed, clock.timers]).toEqual([true, 0])
    await expect(logStart()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('[L2] merges what a process before it left of its lanes, and when it ends what is left of them', async () => {
    const lanes = memoryLaneStore()
    const steps: string[] = []
    const store: LaneStore = {
      ...lanes,
      async close() {
        steps.push('lanes')
        await lanes.close()
      },
    }
    const changelog = memoryChangelog()
    const live = defineApp({ version: '1', spaces: { live: space({ lanes: { talk: lane(v.object({ text: v.string() })) } }) } })
    const clock = new VirtualClock()
    const tick = clock.nowMs() - 5000
    const said = { place: { tenant: 'default', space: 'live:1', lane: 'talk' }, tick, by: 'bob', id: 'a', atMs: tick }
    const text = JSON.stringify({ id: 'a', by: 'bob', atMs: tick, body: { text: 'before the crash' } })
    await store.append([{ ...said, text }], 0)
    const server = createSyncServer({
      app: live,
      changelog: { ...changelog, close: async () => void steps.push('changelog') },
      authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
      access: { live: () => 'write' },
      lanes: { store },
      clock,
    })
    for (let turn = 0; turn < 10; turn++) await settle()
    const ring = await server.hono.request('/v1/spaces/live:1/lanes/talk', { headers: { authorization: 'Bearer alice' } })
    expect(await ring.json()).toMatchObject({ ticks: [{ tick, late: true, items: [{ id: 'a', body: { text: 'before the crash' } }] }] })
    let isClosed = false
    void server.close().then(() => {
      isClosed = true
    })
    for (let turn = 0; turn < 20 && !isClosed; turn++) await clock.pass(1000)
    expect([isClosed, steps, clock.timers]).toEqual([true, ['lanes', 'changelog'], 0])
  })

  it('[B11] that ends tells who asks meanwhile to come when the next process may listen', async () => {
    const { server } = running({ restartMs: 7000 })
    const closed = server.close()
    const answer = await server.hono.request('/v1/poll', { method: 'POST', body: '{}', headers: { authorization: 'Bearer alice' } })
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'unavailable', afterMs: 7000 } }])
    await closed
  })

  it('refuses settings under which a copy could never be made whole', () => {
    expect(() => running({ retention: { keepLogMs: 1 } })).toThrow(/^retention\.keepLogMs/)
  })

  it('[B11] answers pulls of a crowd at its pace; who would wait for more than 2 s is told when to ask again', async () => {
    const { clock, server } = running({ pullsPerS: 10 })
    let answered = 0
    const answers = Array.from({ length: 30 }, async () => {
      const answer = await server.hono.request('/v1/spaces/open:1/changes?since=0', { headers: { authorization: 'Bearer alice' } })
      answered += 1
      return answer
    })
    await clock.pass(0)
    expect(answered).toBe(1 + 9)
    await clock.pass(1000)
    expect(answered).toBe(11 + 9)
    await clock.pass(1000)
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual([...Array(21).fill(200), ...Array(9).fill(503)])
    expect(await (await answers[29])?.json()).toMatchObject({ error: { code: 'unavailable', afterMs: 2900, retryable: true } })
    const metrics = await (await server.hono.request('/metrics')).text()
    expect(metrics).toContain('tidemark_sent_away_total 9')
    expect(metrics).toContain('tidemark_admission_wait_seconds_bucket{le="0"} 1')
  })

  it('[B11] one address, however much it pulls, takes half of the pace, with a token or without: others are answered beside it', async () => {
    const { clock, server } = running({ pullsPerS: 10 })
    const pull = (remoteAddress: string, headers: Record<string, string>) =>
      server.hono.request('/v1/spaces/open:1/changes?since=0', { headers }, { incoming: { socket: { remoteAddress }, headers: {} } })
    const flood: Promise<Response>[] = []
    const others: Promise<Response>[] = []
    for (let second = 0; second < 10; second++) {
      for (let n = 0; n < 100; n++) flood.push(Promise.resolve(pull('203.0.113.9', {})))
      for (let n = 0; n < 3; n++) others.push(Promise.resolve(pull(`203.0.113.${10 + n}`, { authorization: 'Bearer alice' })))
      await clock.pass(1000)
    }
    await clock.pass(2000)
    expect(new Set((await Promise.all(others)).map(({ status }) => status))).toEqual(new Set([200]))
    const statuses = (await Promise.all(flood)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10 + 5 * 9)
    const last = await flood.at(-1)
    expect([last?.status, await last?.json()]).toMatchObject([429, { error: { code: 'rate-limited', afterMs: 5000 } }])
  })

  it.each([
    [0, 2500],
    [1, 2501],
    [5000, 7500],
  ])(
    '[B11] asks %i clients back from when the next process may listen, for as long as it takes for so many: until %i ms',
    async (count, untilMs) => {
      const { clock, server } = running()
      const sockets = Array.from({ length: Math.max(count, 1) }, () => new FakeSocket())
      for (const socket of sockets.slice(0, count)) socket.events = server.gateway.accept(socket)
      const closed = server.close()
      await clock.pass(10_000)
      await closed
      for (const socket of sockets.slice(0, count)) {
        expect(socket.last('goaway')).toMatchObject({ afterMs: [2000, untilMs], error: { code: 'unavailable' } })
        expect(socket.closed?.code).toBe(1001)
      }
    },
  )
})
