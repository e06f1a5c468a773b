// Goal: a report helps whoever was not there, and tells nothing that a person wrote unless that person says so. Method: a real replica whose
// token, documents, arguments and refusals all bear the same words.
import type { App } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from '../connection/beat-policy.ts'
import { createReplica } from '../create-replica.ts'
import { INSIDE, type Inside } from '../inside.ts'
import { alicesWorld } from '../testing/alices-world.ts'
import { fakeServer } from '../testing/fake-server.ts'
import { message, rangeOf } from '../testing/ranges.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { observe } from './observed.ts'
import { REPORT_FRAMES_MAX, reportOn } from './report.ts'

const SECRET = 'Secret-words'
const never = () => expect.unreachable()
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

async function observed() {
  const time = virtualTime(settle)
  const server = fakeServer(time, seededRandom(1))
  server.acceptsToken = (token) => token === SECRET
  const replica = await createReplica(alicesWorld<App>({ token: () => SECRET, transport: server.transport, clock: time }))
  let ended = 0
  const inside = (replica as unknown as { [INSIDE]: Inside })[INSIDE]
  const observed = observe(
    replica,
    inside,
    { estimate: async () => ({ usage: 5000, quota: 100_000 }) },
    () => {},
    () => ended++,
  )
  const room = replica.space('room:1') as unknown as { mutate: { send(args: object): Promise<unknown> } }
  await time.run(3000)
  return { time, server, replica, observed, room, ended: () => ended }
}

describe('a report', () => {
  it('has versions, phase, outbox, rows, events and frames, and nothing that a person wrote unless asked', async () => {
    const { time, server, replica, observed: seen, room } = await observed()
    server.refuses = () => ({ code: 'rejected', message: SECRET, retryable: false })
    await room.mutate.send({ id: 'm1', text: SECRET })
    await time.run(1000)
    const changes = [message(8, 'm8', SECRET)]
    server.say({ t: 'range', ...rangeOf(7, 8, changes, { on: 'aaaaaaaa', seal: 'bbbbbbbb' }) })
    server.refuseBatches = { code: 'unavailable', message: SECRET, retryable: true }
    await room.mutate.send({ id: 'm2', text: SECRET })
    await time.run(1000)
    await seen.count()

    const text = reportOn(seen, { browser: 'Browser 1', contents: false })
    expect(text).not.toContain(SECRET)
    const report = JSON.parse(text)
    expect(report).toMatchObject({
      browser: 'Browser 1',
      app: '1',
      user: 'alice',
      client: replica.clientId,
      connected: 'here',
      status: { phase: 'live', spaces: { 'room:1': { version: 0 } } },
      connection: 'open',
      beat: { intervalMs: fixedBeat.intervalMs },
      storage: { durable: true, usageBytes: 5000, quotaBytes: 100_000, rows: { outbox: 1, refused: 1, self: 1 } },
      pending: [{ n: 2, space: 'room:1', name: 'send', attempts: 1, lastError: { code: 'unavailable' } }],
      refused: [{ n: 1, space: 'room:1', name: 'send', error: { code: 'rejected' } }],
    })
    expect(report.events).toContainEqual(expect.objectContaining({ kind: 'gap', space: 'room:1' }))
    expect(report.frames).toContainEqual(expect.objectContaining({ way: 'out', kind: 'mutate', detail: '#2', bytes: expect.any(Number) }))

    const asked = JSON.parse(reportOn(seen, { browser: 'Browser 1', contents: true }))
    expect(asked.pending[0].args).toEqual({ id: 'm2', text: SECRET })
    expect(asked.refused[0].error.message).toContain(SECRET)
    // Neither the token nor the documents that came, even then.
    expect(JSON.stringify({ ...asked, pending: [], refused: [], status: { ...asked.status, blocked: undefined } })).not.toContain(SECRET)
    await replica.close()
  })

  it('is bounded', async () => {
    const { time, server, replica, observed: seen } = await observed()
    for (let n = 0; n < REPORT_FRAMES_MAX + 100; n++)
      server.say({ t: 'range', space: 'room:1', from: 0, on: 's', to: 0, seal: 's', head: 0, changes: [] })
    await time.run(5000)
    const report = JSON.parse(reportOn(seen, { browser: '', contents: false }))
    expect(report.frames.length).toBe(REPORT_FRAMES_MAX)
    expect(report.lastMinute.in.frames).toBeGreaterThan(REPORT_FRAMES_MAX)
    await replica.close()
  })
})

describe('observing', () => {
  it('tells of its end when the replica is closed, and hears nothing after its own', async () => {
    const { time, server, replica, observed: seen, ended } = await observed()
    seen.end()
    const { count } = seen.frames
    server.commit('room:1')
    await time.run(1000)
    expect(seen.frames.count).toBe(count)
    expect(ended()).toBe(0)
    await replica.close()
    const other = await observed()
    await other.replica.close()
    expect(other.ended()).toBe(1)
    const inside = (replica as unknown as { [INSIDE]: Inside })[INSIDE]
    expect(() => observe(replica, inside, { estimate: async () => ({}) }, never, never)).toThrow('This replica is closed')
  })
})
