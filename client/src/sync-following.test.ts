import { toVersion } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { STATED_WITHIN_MS } from './following/step.ts'
import { StorageError } from './replica/storage-error.ts'
import { NO_FAULTS } from './testing/fake-server.ts'
import { syncWorld } from './testing/sync-world.ts'

// The real machines and their driver, over copies and a server that are numbers alone, in virtual time.

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const world = (seed?: number, token?: () => string | Promise<string>) => syncWorld(settle, seed, token)
const room = 'room:1'
const BEAT_MS = fixedBeat.intervalMs

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

  it('[R4] a range that the device had no room for is asked for again, ever later, while the connection stays and sends', async () => {
    const { time, server, sync, atHead, phase, replica, follows } = await world()
    sync.want(room)
    sync.want('room:2')
    await time.run(3000)
    const { apply } = replica
    replica.apply = (range) => (range.space === room ? Promise.reject(new StorageError('full', 'no room')) : apply(range))
    server.commit(room)
    const before = [server.connections, follows()] as const
    await time.run(60_000)
    replica.append('room:2')
    server.commit('room:2')
    await time.run(60_000)
    atHead('room:2')
    expect(server.connections).toBe(before[0])
    expect(server.done.length).toBe(1)
    expect(follows() - before[1]).toBeGreaterThan(3)
    expect(follows() - before[1]).toBeLessThan(30)
    expect(sync.state().following.spaces.get(room)?.stage).toMatchObject({ because: { trouble: 'full' } })
    replica.apply = apply
    await time.run(30_000)
    atHead()
    expect(phase()).toBe('live')
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

  it('[B1] a follow that got lost is stated once more after 10 s, on the same connection', async () => {
    const { time, server, sync, phase } = await world()
    await time.run(3000)
    const { connections } = server
    server.faults = { ...NO_FAULTS, loseUp: 1 }
    sync.want(room)
    await time.run(100)
    server.faults = NO_FAULTS
    expect(phase()).toBe('catching up')
    await time.run(STATED_WITHIN_MS + 100)
    expect(phase()).toBe('live')
    expect(server.connections).toBe(connections)
  })

  it('[B1] a follow on a connection that is dead without a word leads to another one within 30 s', async () => {
    const { time, server, sync, phase, atHead } = await world()
    server.commit(room)
    await time.run(3000)
    const { connections } = server
    server.faults = { ...NO_FAULTS, loseUp: 1 }
    sync.want(room)
    await time.run(STATED_WITHIN_MS + 100)
    server.faults = NO_FAULTS
    await time.run(30_000 - STATED_WITHIN_MS)
    expect(phase()).toBe('live')
    expect(server.connections).toBe(connections + 1)
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
    expect(sync.state().following.spaces.get(room)?.standing.version).toBe(1)
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
    server.say({ t: 'range', space: room, from: 0, on: '00000000', to: 1, seal: 'dddddddd', head: 1, changes: [] })
    await time.run(100)
    expect(replica.stands.has(room)).toBe(false)
    expect(sync.state().following.spaces.get(room)?.stage).toMatchObject({ name: 'denied' })
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

  it('[M4] what was done before the app started and is still shown leads to a pull, though its space is not followed', async () => {
    const { time, server, replica, atHead } = await world()
    for (let n = 0; n < 7; n++) server.commit(room)
    replica.shown.set(room, toVersion(3))
    await time.run(3000)
    expect(server.requests.length).toBe(2)
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
    expect(sync.state().following.spaces.get('room:c')?.stage).toMatchObject({ name: 'denied', because: { code: 'too-large' } })
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
