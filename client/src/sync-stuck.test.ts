// Goal: with a reachable server a client comes right by itself, and says what holds it up. Method: the real machines in virtual time over a
// server that misbehaves in one way at a time, and ports that never answer.
import type { Mutation, VoidMutation } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { EQUAL_AT_ONCE } from './connection/request-budget.ts'
import { StorageError } from './replica/storage-error.ts'
import { STUCK_AFTER_MS } from './stuck.ts'
import { RADIO_TAIL_MS, type SyncPorts, WAITING_MAX } from './sync.ts'
import { NO_FAULTS } from './testing/fake-server.ts'
import { type SyncWorld, syncWorld } from './testing/sync-world.ts'
import { WORK_WITHIN_MS } from './work-queue.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const world = (more?: Partial<SyncPorts>, token?: () => string | Promise<string>) => syncWorld(settle, 1, token, more)
const room = 'room:1'
const HOUR_MS = 3_600_000
const never = () => new Promise<never>(() => {})

describe('the watchdog', () => {
  const STUCK: Readonly<Record<string, (world: SyncWorld) => void>> = {
    'a batch that is never done': ({ server, replica }) => {
      server.refuseBatches = { code: 'unavailable', message: 'the engine is down', retryable: true }
      replica.append(room)
    },
    'a head that is known and never comes': ({ server }) => {
      server.faults = { ...NO_FAULTS, http: 1 }
      server.say({ t: 'behind', space: room, head: 9 })
      server.transport.request = never
    },
    'a batch that is sent into nothing while beats are answered': ({ server, replica }) => {
      const { connect } = server.transport
      server.transport.connect = (events) => {
        const socket = connect(events)
        return { ...socket, send: (text) => text.includes('"mutate"') || socket.send(text), close: () => socket.close() }
      }
      server.cut()
      replica.append(room)
    },
  }
  it.each(Object.entries(STUCK))('%s is told as `stalled`, with a new connection and a diagnostic', async (_, strike) => {
    const made = await world()
    const { time, server, sync, phase, noted } = made
    sync.want(room)
    await time.run(3000)
    strike(made)
    let phases = ''
    for (let ms = 0; ms < 2 * STUCK_AFTER_MS; ms += 100) {
      await time.run(100)
      if (!phases.endsWith(phase())) phases += ` ${phase()}`
    }
    expect(phases).toContain('stalled')
    expect(noted).toContainEqual({ kind: 'stalled', atMs: expect.any(Number), because: expect.objectContaining({ code: 'unavailable' }) })
    expect(server.connections).toBeGreaterThanOrEqual(2)
  })

  it('`stalled` says why until something moves', async () => {
    const { time, server, sync, replica, phase } = await world()
    await time.run(3000)
    server.refuseBatches = { code: 'unavailable', message: 'the engine is down', retryable: true }
    replica.append(room)
    await time.run(STUCK_AFTER_MS + 10_000)
    expect([phase(), sync.state().stalled?.message]).toEqual(['stalled', expect.stringContaining('nothing moved')])
    server.refuseBatches = undefined
    await time.run(35_000)
    expect([phase(), sync.state().stalled, replica.pending]).toEqual(['live', undefined, []])
  })

  it('counts connected time over short connections together, and forgets it with the first progress', async () => {
    const { time, server, replica, noted } = await world()
    await time.run(3000)
    server.refuseBatches = { code: 'unavailable', message: 'the engine is down', retryable: true }
    replica.append(room)
    for (let count = 0; count < 8; count++) {
      await time.run(20_000)
      server.cut()
    }
    expect(noted.filter(({ kind }) => kind === 'stalled').length).toBeGreaterThanOrEqual(1)
  })

  it('an unreachable server is no stall, however long', async () => {
    const { time, server, sync, replica, phase, noted } = await world()
    sync.want(room)
    await time.run(3000)
    server.reachable = false
    server.cut()
    replica.append(room)
    await time.run(HOUR_MS / 6)
    expect([phase(), noted.some(({ kind }) => kind === 'stalled')]).not.toContain('stalled')
    server.reachable = true
    await time.run(35_000)
    expect([phase(), noted.some(({ kind }) => kind === 'stalled')]).toEqual(['live', false])
  })

  it('neither is rest, nor what the server asked to wait for', async () => {
    const { time, server, sync, replica, noted } = await world()
    sync.want(room)
    await time.run(3000)
    server.refuseBatches = { code: 'rate-limited', message: 'slow down', retryable: true, afterMs: 300_000 }
    replica.append(room)
    await time.run(250_000)
    expect([server.connections, noted.some(({ kind }) => kind === 'stalled')]).toEqual([1, false])
  })

  it('nor a disk that is full, of which another connection knows no more', async () => {
    const { time, server, sync, replica, noted } = await world()
    sync.want(room)
    await time.run(3000)
    replica.apply = () => Promise.reject(new StorageError('full', 'no room'))
    server.commit(room)
    await time.run(600_000)
    expect(sync.state().following.spaces.get(room)).toMatchObject({ head: 1, standing: { version: 0 } })
    expect([server.connections, noted.some(({ kind }) => kind === 'stalled')]).toEqual([1, false])
  })
})

describe('a port that never answers', () => {
  /** Strikes; what it returns heals it for what is asked from then on. */
  const HANGS: Readonly<Record<string, (world: SyncWorld, ports: { token: boolean; turn: boolean }) => () => void>> = {
    'a socket that never opens': ({ server }) => {
      const { connect } = server.transport
      server.transport.connect = () => ({ send() {}, close() {} })
      server.cut()
      return () => Object.assign(server.transport, { connect })
    },
    'a socket that opens and is silent': ({ server }) => {
      const { connect } = server.transport
      server.transport.connect = (events) => {
        void Promise.resolve().then(events.opened)
        return { send() {}, close() {} }
      }
      server.cut()
      return () => Object.assign(server.transport, { connect })
    },
    'a socket that dies without a word': ({ server }) => {
      server.cut(true)
      return () => {}
    },
    'a request': ({ server }) => {
      const { request } = server.transport
      server.transport.request = never
      server.say({ t: 'behind', space: room, head: 9 })
      return () => Object.assign(server.transport, { request })
    },
    'the token': ({ server }, ports) => {
      ports.token = true
      server.acceptsToken = (token) => token !== 'token1'
      server.cut()
      return () => {
        ports.token = false
      }
    },
    'the turn to ask for one': ({ server }, ports) => {
      ports.turn = true
      server.acceptsToken = (token) => token !== 'token1'
      server.cut()
      return () => {}
    },
    ...Object.fromEntries(
      (['apply', 'standings', 'batch', 'settle', 'asker', 'welcomed', 'drop'] as const).map((step) => [
        `the storage, at ${step}`,
        ({ replica, server }: SyncWorld) => {
          const works = replica[step]
          Object.assign(replica, { [step]: never })
          if (step === 'drop') server.deny(room, { code: 'forbidden', message: 'no' })
          else server.cut()
          return () => {
            Object.assign(replica, { [step]: works })
            if (step === 'drop') server.deny(room, undefined)
          }
        },
      ]),
    ),
  }
  it.each(Object.entries(HANGS))('%s: all comes right once it answers again, and nothing is lost', async (_, hang) => {
    const ports = { token: false, turn: false }
    let given = 0
    const turn: SyncPorts['turn'] = (work) => (ports.turn ? never() : work())
    const made = await world({ turn }, () => (ports.token ? never() : `token${++given}`))
    const { time, server, sync, replica, phase, atHead } = made
    sync.want(room)
    await time.run(3000)
    const heal = hang(made, ports)
    server.commit(room)
    for (let n = 0; n < 3; n++) replica.append(room)
    await time.run(120_000)
    heal()
    await time.run(WORK_WITHIN_MS)
    // What a person or an app does with a space that was closed to it.
    sync.want(room)
    await time.run(90_000)
    expect([replica.pending, server.done.length, phase()]).toEqual([[], 3, 'live'])
    atHead()
  })
})

describe('the same request', () => {
  const mostInAnHour = (atMs: readonly number[]) =>
    Math.max(...atMs.map((from) => atMs.filter((at) => at >= from && at < from + HOUR_MS).length))
  /** When what `is` about was heard or requested, in two hours. */
  async function twoHours({ time, server }: SyncWorld, is: (frame: { readonly t: string }) => boolean): Promise<readonly number[]> {
    const atMs: number[] = []
    for (let seen = { frames: server.heard.length, requests: server.requests.length }; time.monotonicMs() < 2 * HOUR_MS; ) {
      await time.run(1000)
      for (const frame of server.heard.slice(seen.frames)) if (is(frame)) atMs.push(time.monotonicMs())
      for (const _ of server.requests.slice(seen.requests)) if (is({ t: 'request' })) atMs.push(time.monotonicMs())
      seen = { frames: server.heard.length, requests: server.requests.length }
    }
    return atMs
  }

  it('to follow a space leaves at most 100 times an hour; then the space says so, and the others go on', async () => {
    const made = await world()
    const { time, server, sync, phase, noted, atHead } = made
    sync.want(room)
    sync.want('room:2')
    await time.run(3000)
    server.deny(room, { code: 'unavailable', message: 'the engine is down', retryable: true })
    const sent = await twoHours(made, ({ t }) => t === 'follow')
    expect(mostInAnHour(sent)).toBeLessThanOrEqual(100)
    expect(sent.length).toBeGreaterThan(EQUAL_AT_ONCE)
    expect(noted.some(({ kind }) => kind === 'limited')).toBe(true)
    for (let _ms = 0; sync.state().following.spaces.get(room)?.stage.name !== 'due'; _ms += 100) await time.run(100)
    server.commit('room:2')
    await time.run(100)
    atHead('room:2')
    expect([phase(), server.connections]).toEqual(['live', 1])
    server.deny(room, undefined)
    await time.run(160_000)
    atHead()
    expect([phase(), sync.state().following.spaces.get(room)?.stage.name]).toEqual(['live', 'followed'])
  })

  it('to follow is told to both ends: what is not stated again is unfollowed, and counts in no sum', async () => {
    const made = await world()
    const { time, server, sync } = made
    sync.want(room)
    await time.run(3000)
    const { connect } = server.transport
    let isWrong = true
    server.transport.connect = (events) =>
      connect({ ...events, frame: (text) => events.frame(isWrong ? text.replace(/"sum":\d+/, '"sum":7') : text) })
    server.cut()
    const sent = await twoHours(made, ({ t }) => t === 'follow')
    expect(mostInAnHour(sent)).toBeLessThanOrEqual(100)
    for (let s = 0; s < 300 && sync.state().following.spaces.get(room)?.stage.name !== 'due'; s++) await time.run(1000)
    isWrong = false
    expect(server.heard.findLast(({ t }) => t === 'follow' || t === 'unfollow')).toEqual({ t: 'unfollow', spaces: [room] })
    sync.want('room:2')
    await time.run(1000)
    const before = server.heard.length
    await time.run(fixedBeat.intervalMs + 1000)
    const since = server.heard.slice(before).flatMap((frame) => (frame.t === 'follow' ? Object.keys(frame.spaces) : []))
    expect(since).not.toContain('room:2')
  })

  it('of a batch leaves at most 100 times an hour; then `blocked` says so', async () => {
    const made = await world()
    const { time, server, sync, replica } = made
    await time.run(3000)
    server.refuseBatches = { code: 'internal', message: 'a fault', retryable: true }
    replica.append(room)
    const sent = await twoHours(made, ({ t }) => t === 'mutate')
    expect(mostInAnHour(sent)).toBeLessThanOrEqual(100)
    expect(sync.state().sending.stage).toMatchObject({ because: { code: 'rate-limited' } })
    server.refuseBatches = undefined
    await time.run(160_000)
    expect(replica.pending).toEqual([])
  })

  it('of a pull leaves at most 100 times an hour', async () => {
    const made = await world()
    const { time, server, sync } = made
    sync.want(room)
    await time.run(3000)
    server.faults = { ...NO_FAULTS, behind: 1, http: 1 }
    server.commit(room)
    expect(mostInAnHour(await twoHours(made, ({ t }) => t === 'request'))).toBeLessThanOrEqual(100)
    server.faults = NO_FAULTS
    await time.run(160_000)
    made.atHead()
  })

  it('of a hello leaves at most 100 times an hour where nothing comes of it; then the connection says so', async () => {
    const made = await world()
    const { time, server, sync, noted } = made
    sync.want(room)
    await time.run(3000)
    server.commit(room)
    server.faults = { ...NO_FAULTS, cut: 1 }
    server.cut()
    expect(mostInAnHour(await twoHours(made, ({ t }) => t === 'hello'))).toBeLessThanOrEqual(100)
    expect(noted.some(({ kind, because }) => kind === 'closed' && because?.code === 'rate-limited')).toBe(true)
    server.faults = NO_FAULTS
    await time.run(160_000)
    made.atHead()
  })

  it('of a hello is not limited behind a proxy that cuts every 10 s, for each brings the copies to the head', async () => {
    const { time, server, sync, noted, phase } = await world()
    sync.want(room)
    for (let count = 0; count < 300; count++) {
      await time.run(10_000)
      server.cut()
    }
    await time.run(5000)
    expect([phase(), noted.some(({ kind }) => kind === 'limited')]).toEqual(['live', false])
  })
})

describe('what can wait', () => {
  const canWait = (mutation: Mutation | VoidMutation) => 'space' in mutation && mutation.space === 'user:alice'
  const heard = ({ server }: SyncWorld, t: string) => server.heard.filter((frame) => frame.t === t).length

  it('opens no radio: it leaves with the next frame, of whatever end', async () => {
    const made = await world({ canWait })
    const { time, server, sync, replica, phase } = made
    sync.want(room)
    sync.want('room:2')
    await time.run(3000 + RADIO_TAIL_MS)
    replica.append('user:alice')
    sync.release('room:2')
    await time.run(1000)
    expect([heard(made, 'mutate'), heard(made, 'unfollow'), phase()]).toEqual([0, 0, 'live'])
    server.commit(room)
    await time.run(100)
    expect([heard(made, 'unfollow'), server.done]).toEqual([1, [1]])

    await time.run(RADIO_TAIL_MS)
    replica.append('user:alice')
    await time.run(fixedBeat.intervalMs)
    expect(server.done).toEqual([1, 2])

    sync.want('room:3')
    await time.run(1000 + RADIO_TAIL_MS)
    sync.release('room:3')
    await time.run(1000)
    expect(heard(made, 'unfollow')).toBe(1)
    server.commit(room)
    await time.run(100)
    expect(heard(made, 'unfollow')).toBe(2)
  })

  it('leaves at once while the radio is up, with what cannot wait, and before too much has gathered', async () => {
    const made = await world({ canWait })
    const { time, server, sync, replica } = made
    sync.want(room)
    await time.run(3000)
    server.commit(room)
    await time.run(1000)
    replica.append('user:alice')
    await time.run(100)
    expect(server.done).toEqual([1])

    await time.run(2 * RADIO_TAIL_MS)
    replica.append('user:alice')
    await time.run(1000)
    expect(server.done).toEqual([1])
    replica.append(room)
    await time.run(100)
    expect(server.done).toEqual([1, 2, 3])

    await time.run(2 * RADIO_TAIL_MS)
    for (let n = 0; n <= WAITING_MAX; n++) replica.append('user:alice')
    await time.run(100)
    expect(server.done.length).toBe(3 + WAITING_MAX + 1)
  })

  it('an unfollow that waits is told before the same space is followed again, and is void after a new connection', async () => {
    const made = await world({ canWait })
    const { time, server, sync, atHead } = made
    sync.want(room)
    await time.run(3000 + RADIO_TAIL_MS)
    sync.release(room)
    sync.want(room)
    await time.run(100)
    expect(server.heard.slice(-2).map(({ t }) => t)).toEqual(['unfollow', 'follow'])
    await time.run(2 * RADIO_TAIL_MS)
    sync.release(room)
    await time.run(100)
    server.cut()
    await time.run(5000)
    sync.want(room)
    await time.run(5000)
    server.commit(room)
    await time.run(100)
    atHead()
    expect(heard(made, 'unfollow')).toBe(1)
  })
})

describe('auth trouble', () => {
  it('charges what is sent nothing: it leaves at once when a good token is there', async () => {
    const { time, server, sync, replica, phase } = await world()
    await time.run(3000)
    server.refuseBatches = { code: 'token-expired', message: 'old', retryable: true }
    replica.append(room)
    await time.run(20_000)
    expect(sync.state().sending).toMatchObject({ failures: 0, shrink: 0 })
    server.refuseBatches = undefined
    await time.run(31_000)
    expect([phase(), replica.pending]).toEqual(['live', []])
  })
})
