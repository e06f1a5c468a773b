import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { NEVER, PROBE_WITHIN_MS } from './connection/connection.ts'
import type { LiveEvents } from './connection/transport.ts'
import { NO_FAULTS } from './testing/fake-server.ts'
import { syncWorld } from './testing/sync-world.ts'

// The real machines and their driver, over copies and a server that are numbers alone, in virtual time.

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const world = (seed?: number, token?: () => string | Promise<string>) => syncWorld(settle, seed, token)
const room = 'room:1'
const BEAT_MS = fixedBeat.intervalMs

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

  // What browsers and systems do with the clocks of a device that sleeps.
  const SLEEPS: readonly [how: string, clocks: { wall: boolean; monotonic: boolean }][] = [
    ['both clocks run on', { wall: true, monotonic: true }],
    ['the monotonic clock and all timers stand still', { wall: true, monotonic: false }],
    ['the wall clock was set back meanwhile', { wall: false, monotonic: true }],
  ]
  it.each(SLEEPS)('a device that slept asks within 3 s whether its connection lives, whatever that says: %s', async (_, clocks) => {
    const { time, server, sync, atHead, phase } = await world()
    sync.want(room)
    await time.run(3300)
    server.cut(true)
    server.commit(room)
    time.sleep(600_000, clocks)
    const before = sync.state().connection
    expect(before).toMatchObject({ name: 'open', deadAtMs: NEVER })
    await time.run(3000)
    expect(sync.state().connection).toMatchObject({ name: 'open', deadAtMs: expect.closeTo(time.monotonicMs() + PROBE_WITHIN_MS, -4) })
    await time.run(PROBE_WITHIN_MS + 2500)
    expect(phase()).toBe('live')
    atHead()
  })

  it('a frame that lay there while the device slept is no sign of life', async () => {
    const { time, server, sync, phase } = await world()
    const connections: LiveEvents[] = []
    const { connect } = server.transport
    server.transport.connect = (events) => {
      connections.push(events)
      return connect(events)
    }
    sync.want(room)
    await time.run(3300)
    server.cut(true)
    time.sleep(600_000)
    connections.at(-1)?.frame('{"t":"a frame of the future"}')
    expect(sync.state().connection).toMatchObject({ deadAtMs: time.monotonicMs() + PROBE_WITHIN_MS })
    await time.run(PROBE_WITHIN_MS + 2500)
    expect([phase(), connections.length]).toEqual(['live', 2])
  })

  it('in the background nothing wakes the device but its beats, and it looks at once when it is shown', async () => {
    const { time, server, sync, phase, listeners, timers } = await world()
    sync.want(room)
    await time.run(3000)
    listeners.inFront = false
    listeners.life('back')
    const before = timers.rung
    await time.run(10 * BEAT_MS)
    expect(timers.rung - before).toBe(10)
    server.cut(true)
    listeners.inFront = true
    listeners.life('show')
    await time.run(PROBE_WITHIN_MS + 2500)
    expect(phase()).toBe('live')
  })

  it('in a hidden tab whose timers ring once a minute a dead connection is found all the same', async () => {
    const { time, server, sync, phase, listeners, timers, noted } = await world()
    sync.want(room)
    await time.run(3000)
    listeners.inFront = false
    listeners.life('back')
    timers.grainMs = 60_000
    await time.run(300_000)
    expect([phase(), server.connections]).toEqual(['live', 1])
    // What an app is told of late would be of nothing else.
    expect(noted.map(({ kind }) => kind)).toEqual(['open'])
    server.cut(true)
    server.commit(room)
    await time.run(6 * 60_000)
    expect([phase(), server.connections]).toEqual(['live', 2])
    time.sleep(600_000)
    await time.run(60_000)
    expect(noted.map(({ kind }) => kind)).toEqual(['open', 'closed', 'open', 'slept'])
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

  it.each(['network', 'show', 'touch', 'app'] as const)('what waits is cut short by %s', async (hint) => {
    const { time, server, sync, phase, listeners } = await world()
    server.reachable = false
    for (;;) {
      await time.run(100)
      const { connection } = sync.state()
      if (connection.name === 'waiting' && connection.untilMs - time.monotonicMs() > 5000) break
    }
    server.reachable = true
    await time.run(1000)
    expect(phase()).toBe('waiting')
    if (hint === 'network') listeners.network()
    else if (hint === 'app') sync.reconnectNow()
    else listeners.life(hint)
    await time.run(500)
    expect(phase()).toBe('live')
  })

  it('a device that says nothing of its network, or that there is none, is tried all the same', async () => {
    const { time, server, phase } = await world()
    server.reachable = false
    server.cut()
    await time.run(600_000)
    server.reachable = true
    await time.run(30_000)
    expect(phase()).toBe('live')
  })

  it('the app can have a new connection at once, and loses nothing by it', async () => {
    const { time, server, sync, replica, atHead, phase } = await world()
    sync.want(room)
    await time.run(3000)
    server.commit(room)
    replica.append(room)
    sync.reconnectNow()
    sync.reconnectNow()
    await time.run(1000)
    expect([phase(), server.connections, server.done]).toEqual(['live', 2, [1]])
    atHead()
  })

  it('pauses of different origin end one by one', async () => {
    const { time, sync, phase } = await world()
    await time.run(3000)
    sync.pause('tab')
    sync.pause('app')
    sync.resume('tab')
    await time.run(3000)
    expect(sync.state().connection).toEqual({ name: 'offline', pauses: ['app'] })
    sync.resume('app')
    await time.run(3000)
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

  it('[B4] frames of an earlier connection are no sign of life', async () => {
    const { time, server, phase } = await world()
    const connections: LiveEvents[] = []
    const { connect } = server.transport
    server.transport.connect = (events) => {
      connections.push(events)
      return connect(events)
    }
    await time.run(3000)
    server.cut()
    await time.run(3000)
    server.cut(true)
    await time.run(BEAT_MS)
    connections[0]?.frame('{"t":"beat","nowMs":0,"sum":0}')
    await time.run(fixedBeat.timeoutMs + 3000)
    expect(phase()).toBe('live')
    expect(connections.length).toBe(3)
  })

  it('an attempt that ended before its token came opens no socket', async () => {
    const { time, server, listeners } = await world(1, () => new Promise((resolve) => setTimeout(resolve, 0, 'good')))
    listeners.life('hide')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await time.run(100)
    expect(server.connections).toBe(0)
  })

  it('a token that grew old while the page was away is renewed at once', async () => {
    let given = 0
    const { time, server, phase, listeners } = await world(1, () => `token${++given}`)
    await time.run(3000)
    listeners.life('hide')
    server.acceptsToken = (token) => token !== 'token1'
    await time.run(60_000)
    listeners.life('show')
    await time.run(200)
    expect(phase()).toBe('live')
    expect(given).toBe(2)
  })

  const notice = { t: 'error', error: { code: 'token-expired', message: 'soon', retryable: true, afterMs: 60_000 } }

  it('[B9] at the notice that its token ends soon sends a fresh one in place, and pulls with that', async () => {
    let given = 0
    const { time, server, sync, phase } = await world(1, () => `token${++given}`)
    const { request } = server.transport
    const pulledWith: string[] = []
    server.transport.request = (asked) => {
      pulledWith.push(asked.token)
      return request(asked)
    }
    sync.want(room)
    await time.run(3000)
    server.say(notice)
    await time.run(100)
    expect(server.heard.filter(({ t }) => t === 'auth')).toEqual([{ t: 'auth', token: 'token2' }])
    server.say({ t: 'behind', space: room, head: 9 })
    await time.run(1000)
    expect(new Set(pulledWith)).toEqual(new Set(['token2']))
    expect([phase(), server.connections, given]).toEqual(['live', 1, 2])
  })

  it('keeps its connection when the source fails at the notice, and asks again at the next', async () => {
    let asked = 0
    const { time, server, phase } = await world(1, async () => {
      if (++asked === 2) throw new Error('sign-in server is down')
      return `token${asked}`
    })
    await time.run(3000)
    server.say(notice)
    await time.run(1000)
    expect(server.heard.filter(({ t }) => t === 'auth')).toEqual([])
    server.say(notice)
    await time.run(1000)
    expect(server.heard.filter(({ t }) => t === 'auth')).toEqual([{ t: 'auth', token: 'token3' }])
    expect([phase(), server.connections]).toEqual(['live', 1])
  })

  it('[B9] a token that is refused in place ends the connection, and nothing is lost until a good one is there', async () => {
    let given = 0
    const { time, server, phase, replica } = await world(1, () => `token${++given}`)
    await time.run(3000)
    server.acceptsToken = () => false
    server.say(notice)
    await time.run(100)
    server.say({ t: 'error', error: { code: 'unauthenticated', message: 'bad' } })
    replica.append(room)
    await time.run(30_000)
    expect(phase()).not.toBe('live')
    expect(replica.pending).toHaveLength(1)
    const attempts = server.connections
    await time.run(60_000)
    expect(server.connections - attempts).toBeLessThan(10)
    server.acceptsToken = () => true
    await time.run(60_000)
    expect([phase(), server.done, replica.pending]).toEqual(['live', [1], []])
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

  it('a client-conflict that nothing heals is no storm, and loses nothing', async () => {
    const { time, server, replica, sync } = await world()
    await time.run(3000)
    server.refuseBatches = { code: 'client-conflict', message: 'copied', retryable: false }
    replica.append(room)
    await time.run(100)
    expect(sync.state().sending.stage).toMatchObject({ name: 'waiting', because: { code: 'client-conflict' } })
    await time.run(100_000)
    expect(server.heard.filter(({ t }) => t === 'mutate').length).toBeLessThan(20)
    expect(replica.pending.length).toBe(1)
  })
})
