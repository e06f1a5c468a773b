import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { NO_HINTS } from './connection/hints.ts'
import type { LiveEvents } from './connection/transport.ts'
import { createSync } from './sync.ts'
import { FAKE_CLIENT, fakeReplica } from './testing/fake-replica.ts'
import { type Faults, modelServer, NO_FAULTS } from './testing/model-server.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { virtualTime } from './testing/virtual-time.ts'

// The real machines and their driver, over copies and a server that are numbers alone, in virtual time.

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const room = 'room:1'
const BEAT_MS = fixedBeat.intervalMs

async function world(seed = 1, token: () => string | Promise<string> = () => 'good') {
  const time = virtualTime(settle)
  const random = seededRandom(seed)
  const server = modelServer(time, random)
  const replica = fakeReplica()
  const listeners = { network: () => {}, life: (_event: 'show' | 'hide') => {} }
  const sync = createSync(
    {
      ...NO_HINTS,
      network: {
        onChange(listener) {
          listeners.network = listener
          return () => {}
        },
      },
      lifecycle: {
        onChange(listener) {
          listeners.life = listener
          return () => {}
        },
      },
      transport: server.transport,
      clock: time,
      random,
      beat: fixedBeat,
      copies: replica,
      outbox: replica,
      user: 'alice',
      client: FAKE_CLIENT,
      appVersion: '1',
      token,
    },
    { changed() {}, offset() {} },
  )
  sync.goOnline()
  const atHead = (space = room) => {
    const { version, seal } = server.stand(space)
    if (version === 0) expect(replica.stands.get(space)?.version ?? 0).toBe(0)
    else expect(replica.stands.get(space)).toEqual({ version, seal })
  }
  const phase = () => sync.state.connection.name
  const follows = () => server.heard.filter(({ t }) => t === 'follow').length
  return { time, server, replica, sync, atHead, phase, follows, listeners, random }
}

describe('following', () => {
  it('brings a copy to the head, and keeps it there', async () => {
    const { time, server, sync, atHead, phase, replica, follows } = await world()
    for (let n = 0; n < 12; n++) server.commit(room)
    sync.want(room)
    await time.run(3000)
    atHead()
    expect(phase()).toBe('live')
    server.commit(room)
    await time.run(100)
    atHead()
    expect(replica.applied.every(({ verdict }) => verdict === 'news')).toBe(true)
    await time.run(10 * BEAT_MS)
    expect(follows()).toBeLessThanOrEqual(1)
  })

  it('[B1] a range that was withheld is noticed by the next beat and asked for', async () => {
    const { time, server, sync, atHead, replica } = await world()
    server.commit(room)
    sync.want(room)
    await time.run(3000)
    server.faults = { ...NO_FAULTS, lose: 1 }
    server.commit(room)
    await time.run(100)
    server.faults = NO_FAULTS
    expect(replica.stands.get(room)?.version).toBe(1)
    await time.run(BEAT_MS)
    atHead()
  })

  it('[B1] an alarm is not raised without cause: 20 commits a second, 20 ms each way', async () => {
    const { time, server, sync, follows, atHead } = await world()
    sync.want(room)
    await time.run(3000)
    const before = follows()
    for (let n = 0; n < 20 * 120; n++) {
      server.commit(room)
      await time.run(50)
    }
    expect(follows()).toBe(before)
    await time.run(100)
    atHead()
  })

  it('[B1] a follow that got lost is found at the next beat, also of a space at version 0', async () => {
    const { time, server, sync, follows } = await world()
    await time.run(3000)
    server.faults = { ...NO_FAULTS, loseUp: 1 }
    sync.want(room)
    await time.run(100)
    server.faults = NO_FAULTS
    expect(follows()).toBe(0)
    await time.run(BEAT_MS)
    expect(follows()).toBe(1)
    server.commit(room)
    await time.run(100)
    expect(sync.state.following.spaces.get(room)?.standing.version).toBe(1)
  })

  it('[R4] an ask storm does not come about: 100 ranges a second against a copy that lost one are answered by one statement', async () => {
    const { time, server, sync, follows, atHead } = await world()
    sync.want(room)
    await time.run(3000)
    const before = follows()
    server.faults = { ...NO_FAULTS, lose: 1 }
    server.commit(room)
    server.faults = NO_FAULTS
    for (let n = 0; n < 200; n++) {
      server.commit(room)
      await time.run(10)
    }
    await time.run(200)
    expect(follows()).toBe(before + 1)
    atHead()
  })

  it('[N1] after a restore of the server the copy is replaced', async () => {
    const { time, server, sync, atHead, replica } = await world()
    sync.want(room)
    await time.run(3000)
    for (let n = 0; n < 8; n++) server.commit(room)
    await time.run(200)
    server.restore(room, 3)
    server.commit(room)
    await time.run(5000)
    atHead()
    expect(replica.applied.some(({ verdict }) => verdict === 'reset')).toBe(true)
  })

  it('[B5] a space that is behind is pulled until it is at the head, then followed again', async () => {
    const { time, server, sync, atHead } = await world()
    for (let n = 0; n < 23; n++) server.commit(room)
    server.faults = { ...NO_FAULTS, behind: 1 }
    sync.want(room)
    await time.run(2500)
    server.faults = NO_FAULTS
    await time.run(1000)
    expect(server.requests.length).toBeGreaterThanOrEqual(5)
    atHead()
    server.commit(room)
    await time.run(100)
    atHead()
  })

  it('[B8] forbidden removes the copy, and what is under way for it is void', async () => {
    const { time, server, sync, replica } = await world()
    for (let n = 0; n < 23; n++) server.commit(room)
    server.faults = { ...NO_FAULTS, behind: 1 }
    sync.want(room)
    for (let ms = 0; server.requests.length === 0 && ms < 3000; ms++) await time.run(1)
    server.say({ t: 'denied', space: room, error: { code: 'forbidden', message: 'no' } })
    await time.run(1000)
    expect(replica.dropped).toEqual([room])
    expect(replica.stands.has(room)).toBe(false)
    expect(sync.state.following.spaces.get(room)?.stage).toMatchObject({ name: 'denied' })
  })

  it('[B8] an internal fault of the rules keeps the copy and is asked again', async () => {
    const { time, server, sync, replica, atHead } = await world()
    server.commit(room)
    sync.want(room)
    await time.run(3000)
    server.deny(room, { code: 'internal', message: 'rule threw', retryable: true })
    await time.run(1000)
    expect(replica.dropped).toEqual([])
    server.deny(room, undefined)
    server.commit(room)
    await time.run(60_000)
    atHead()
  })

  it('[M4] a mutation in a space that is not followed leads to a pull, and the copy reaches its version', async () => {
    const { time, server, replica, atHead } = await world()
    replica.append(room)
    await time.run(5000)
    expect(server.done).toEqual([1])
    expect(server.requests.length).toBe(1)
    atHead()
  })

  it('more spaces than the server allows wait for a place', async () => {
    const { time, server, sync, atHead } = await world()
    for (const space of ['room:a', 'room:b', 'room:c']) server.commit(space)
    await time.run(3000)
    // Told by the welcome of the next connection.
    const { connect } = server.transport
    server.transport.connect = (events) =>
      connect({
        ...events,
        frame: (text) => events.frame(text.replace('"t":"welcome"', '"t":"welcome","limits":{"spaces":2}')),
      })
    server.cut()
    await time.run(5000)
    for (const space of ['room:a', 'room:b', 'room:c']) sync.want(space)
    await time.run(1000)
    expect(sync.state.following.spaces.get('room:c')?.stage.name).toBe('idle')
    sync.release('room:a')
    await time.run(1000)
    atHead('room:b')
    atHead('room:c')
  })

  it('a space whose last holder is gone is unfollowed', async () => {
    const { time, server, sync } = await world()
    sync.want(room)
    await time.run(3000)
    sync.release(room)
    await time.run(100)
    expect(server.heard.at(-1)).toEqual({ t: 'unfollow', spaces: [room] })
    await time.run(3 * BEAT_MS)
    expect(server.heard.filter(({ t }) => t === 'follow')).toEqual([])
  })
})

describe('the connection', () => {
  it('comes back after the server was away, and everything pending is sent once', async () => {
    const { time, server, replica, phase, sync } = await world()
    sync.want(room)
    await time.run(3000)
    server.reachable = false
    server.cut()
    for (let n = 0; n < 250; n++) replica.append(room)
    await time.run(120_000)
    expect(phase()).not.toBe('live')
    server.reachable = true
    await time.run(40_000)
    expect(replica.pending).toEqual([])
    expect(server.done).toEqual(Array.from({ length: 250 }, (_, at) => at + 1))
  })

  it('[B4] a connection that died without a word is noticed by the beat', async () => {
    const { time, server, sync, atHead, phase } = await world()
    sync.want(room)
    await time.run(3000)
    server.cut(true)
    server.commit(room)
    await time.run(BEAT_MS + fixedBeat.timeoutMs + 3000)
    expect(phase()).toBe('live')
    atHead()
  })

  it('a device that slept looks at once whether its connection lives', async () => {
    const { time, server, sync, atHead, phase } = await world()
    sync.want(room)
    await time.run(3000)
    server.cut(true)
    server.commit(room)
    time.sleep(600_000)
    await time.run(7500)
    expect(phase()).toBe('live')
    atHead()
  })

  it('a page that is left closes its socket, and resumes when it is shown', async () => {
    const { time, server, sync, atHead, phase, listeners } = await world()
    sync.want(room)
    await time.run(3000)
    listeners.life('hide')
    expect(phase()).toBe('offline')
    server.commit(room)
    await time.run(600_000)
    listeners.life('show')
    await time.run(2000)
    atHead()
    expect(server.connections).toBe(2)
  })

  it('a network that comes back cuts the waiting short', async () => {
    const { time, server, phase, listeners } = await world()
    server.reachable = false
    await time.run(300_000)
    server.reachable = true
    await time.run(0)
    if (phase() === 'waiting') listeners.network()
    await time.run(1500)
    expect(phase()).toBe('live')
  })

  it('[B7] a frame that is not of this protocol ends the connection, never counts as data', async () => {
    const { time, server, sync, phase } = await world()
    sync.want(room)
    await time.run(3000)
    server.say('<html>Please sign in to the WLAN</html>')
    await time.run(25)
    expect(phase()).not.toBe('live')
    await time.run(5000)
    expect(phase()).toBe('live')
    server.say({ t: 'a frame of the future', x: 1 })
    await time.run(100)
    expect(phase()).toBe('live')
  })

  it('[B7] frames of an earlier connection are ignored, those that still wait to be handled as well', async () => {
    const { time, server, sync, replica, phase } = await world()
    const connections: LiveEvents[] = []
    const { connect } = server.transport
    server.transport.connect = (events) => {
      connections.push(events)
      return connect(events)
    }
    sync.want(room)
    await time.run(3000)
    const range = { t: 'range', space: room, from: 0, on: '00000000', to: 1, seal: 'dddddddd', head: 1, changes: [] }
    const before = replica.applied.length
    connections[0]?.frame(JSON.stringify(range))
    connections[0]?.closed(1006)
    await time.run(0)
    expect(replica.applied.length).toBe(before)
    await time.run(3000)
    expect(phase()).toBe('live')
    connections[0]?.frame(JSON.stringify(range))
    connections[0]?.frame('nonsense')
    connections[0]?.closed(1006)
    await time.run(1000)
    expect(phase()).toBe('live')
    expect(connections.length).toBe(2)
    expect(replica.stands.get(room)?.version ?? 0).toBe(0)
  })

  it('asks for a fresh token when the old one has expired, and loses nothing when the source fails', async () => {
    let given = 0
    let fails = false
    const { time, server, phase, replica } = await world(1, async () => {
      if (fails) throw new Error('sign-in server is down')
      return `token${++given}`
    })
    await time.run(3000)
    expect(given).toBe(1)
    server.acceptsToken = (token) => token !== 'token1'
    fails = true
    replica.append(room)
    await time.run(100)
    server.cut()
    replica.append(room)
    await time.run(200_000)
    expect(phase()).toBe('waiting')
    expect(replica.pending.length).toBe(1)
    fails = false
    await time.run(40_000)
    expect(phase()).toBe('live')
    expect(given).toBe(2)
    expect(server.done).toEqual([1, 2])
  })

  it('a token that is refused without a word is renewed as well', async () => {
    let given = 0
    const { time, server, phase } = await world(1, () => `token${++given}`)
    await time.run(3000)
    server.acceptsToken = (token) => token !== 'token1'
    const { connect } = server.transport
    server.transport.connect = (events) => connect({ ...events, frame: (text) => text.includes('expired') || events.frame(text) })
    server.cut()
    await time.run(30_000)
    expect(phase()).toBe('live')
  })

  it("never sends what is one user's with another's token", async () => {
    const { time, server, sync, replica, phase } = await world()
    server.say('')
    const { connect } = server.transport
    server.transport.connect = (events) => connect({ ...events, frame: (text) => events.frame(text.replace('"alice"', '"bob"')) })
    sync.want(room)
    replica.append(room)
    await time.run(60_000)
    expect(phase()).not.toBe('live')
    expect(server.heard.every(({ t }) => t === 'hello')).toBe(true)
    expect(replica.pending.length).toBe(1)
  })

  it('comes back within the window that goaway names', async () => {
    const { time, server, phase, listeners } = await world()
    await time.run(3000)
    server.say({ t: 'goaway', afterMs: [20_000, 30_000] })
    await time.run(100)
    listeners.network()
    await time.run(19_000)
    expect(phase()).toBe('waiting')
    await time.run(12_000)
    expect(phase()).toBe('live')
  })

  it('a connection on which nothing moves is given up after a minute', async () => {
    const { time, server, replica, sync } = await world()
    sync.want(room)
    await time.run(3000)
    server.refuseBatches = { code: 'unavailable', message: 'the engine is down', retryable: true }
    replica.append(room)
    await time.run(100_000)
    expect(server.connections).toBe(2)
    server.refuseBatches = undefined
    await time.run(35_000)
    expect(server.done).toEqual([1])
  })
})

describe('sending', () => {
  it('a batch whose ack was lost is sent again and done once', async () => {
    const { time, server, replica } = await world()
    await time.run(3000)
    server.faults = { ...NO_FAULTS, lose: 1 }
    replica.append(room)
    await time.run(1000)
    server.faults = NO_FAULTS
    expect(replica.pending.length).toBe(1)
    await time.run(60_000)
    expect(replica.pending).toEqual([])
    expect(server.done).toEqual([1])
  })

  it('client-conflict stops the sending and loses nothing', async () => {
    const { time, server, replica, sync } = await world()
    await time.run(3000)
    server.refuseBatches = { code: 'client-conflict', message: 'copied', retryable: false }
    replica.append(room)
    await time.run(100)
    expect(sync.state.sending.stage).toMatchObject({ name: 'stopped', because: { code: 'client-conflict' } })
    await time.run(100_000)
    expect(server.heard.filter(({ t }) => t === 'mutate').length).toBe(1)
    expect(replica.pending.length).toBe(1)
  })
})

describe('whatever the network does', () => {
  const rate = fc.constantFrom(0, 0, 0.05, 0.3)
  const step = fc.oneof(
    fc.record({
      do: fc.constantFrom('commit', 'silent', 'append', 'want', 'release', 'cut', 'kill', 'restore', 'hide', 'forbid', 'allow'),
      space: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ do: fc.constant('wait' as const), space: fc.integer({ min: 1, max: 40_000 }) }),
  )
  const faults = fc.record({ lose: rate, repeat: rate, loseUp: rate, cut: fc.constantFrom(0, 0.02), behind: rate, http: rate })

  it('every copy reaches the head and every mutation is done once when it heals', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), faults, fc.array(step, { maxLength: 40 }), async (seed, rates: Faults, steps) => {
        const { time, server, sync, replica, atHead, listeners } = await world(seed)
        const wanted = new Set<string>()
        let appended = 0
        server.faults = rates
        for (const { do: what, space: number } of steps) {
          const space = `room:${number}`
          if (what === 'commit') server.commit(space)
          else if (what === 'silent') server.commit(space, false)
          else if (what === 'append') {
            appended++
            replica.append(space)
          } else if (what === 'want') sync.want(wanted.add(space) && space)
          else if (what === 'release') wanted.delete(space) && sync.release(space)
          else if (what === 'cut') server.cut()
          else if (what === 'kill') server.cut(true)
          else if (what === 'restore') server.restore(space, Math.floor(server.stand(space).version / 2))
          else if (what === 'hide') listeners.life('hide')
          else if (what === 'forbid') server.deny(space, { code: 'forbidden', message: 'no', retryable: false })
          else if (what === 'allow') server.deny(space, undefined)
          else await time.run(number)
          await time.run(7)
        }
        server.faults = NO_FAULTS
        for (const space of ['room:1', 'room:2', 'room:3']) server.deny(space, undefined)
        listeners.life('show')
        await time.run(100)
        for (const space of wanted) sync.want(space)
        // A connection that is dead without a word costs a beat and its timeout, an unanswered batch its deadline.
        await time.run(2 * BEAT_MS + 60_000)
        for (const space of wanted) atHead(space)
        expect(replica.pending).toEqual([])
        expect(server.done).toEqual(Array.from({ length: appended }, (_, at) => at + 1))
        await sync.close()
      }),
      { numRuns: process.env.CI ? 300 : 60 },
    )
  })
})
