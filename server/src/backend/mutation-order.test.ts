// Goal: each mutation once, in the order its client made it, whatever is sent [M1] to [M5].
import { describe, expect, it } from 'vitest'
import { addNote, app, BackendWorld, CLIENT, codes, everybody, item, nonceOf, user } from '../../test/backend-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import type { Changelog } from '../changelog/changelog.ts'
import type { AccessRules } from './access.ts'

const alice = user('alice')
const bob = user('bob')

describe('the order of mutations', () => {
  it('[M1] runs a batch in order, once, however often it is sent', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] }
    const first = await world.batch(alice, batch)
    expect(first).toEqual({
      acks: [
        { n: 1, nonce: nonceOf(1), in: { 'open:1': 1 } },
        { n: 2, nonce: nonceOf(2), in: { 'open:1': 2 } },
      ],
    })
    expect(await world.batch(alice, batch)).toEqual(first)
    expect((await world.head('open:1')).version).toBe(2)
  })

  it('[M1] gives the same ack to one batch that is sent twice at once', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] }
    const [one, two] = await Promise.all([world.batch(alice, batch), world.batch(alice, batch)])
    expect(two).toEqual(one)
    expect((await world.head('open:1')).version).toBe(2)
  })

  it('publishes a hint and tells what was touched after the commit only', async () => {
    const world = new BackendWorld()
    const seen: number[] = []
    world.bus.subscribe(() => void world.head('open:1').then(({ version }) => seen.push(version)))
    const { touched } = await world.backend.mutate(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] })
    expect([...touched]).toEqual([['open:1', 2]])
    expect(world.hints).toEqual([{ tenant: 'default', space: 'open:1', version: 2 }])
    await settle()
    expect(seen).toEqual([2])
  })

  it('tells what was touched for acks that are given again, and publishes no hint for them', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [addNote(1)] }
    await world.backend.mutate(alice, batch)
    const { touched } = await world.backend.mutate(alice, batch)
    expect([...touched]).toEqual([['open:1', 1]])
    expect(world.hints).toHaveLength(1)
  })

  it('[M3] answers a number past the next one with out-of-order and what is expected, whatever `on` says', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1)] })
    for (const on of ['', nonceOf(1), nonceOf(2), 'nonsense']) {
      const answer = await world.batch(alice, { client: CLIENT, on, mutations: [addNote(3)] })
      expect(answer).toMatchObject({ acks: [], error: { code: 'out-of-order', n: 3, expected: 2 } })
    }
    const fresh = await world.batch(alice, { client: 'c_BBBBBBBBBBBBBBBBBBBBBB', on: '', mutations: [addNote(5)] })
    expect(fresh.error).toMatchObject({ code: 'out-of-order', n: 5, expected: 1 })
  })

  it('[M2] answers another nonce at a number that is done with client-conflict', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] })
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1, 7)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [addNote(2, 7)] }))).toEqual(['! 2 client-conflict'])
  })

  it('[M2] pipelined past a conflict: what stands on another nonce than the one done is a conflict too', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1, 2)] })
    const [first, second] = await Promise.all([
      world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1, 1)] }),
      world.batch(alice, { client: CLIENT, on: nonceOf(1, 1), mutations: [addNote(2, 1)] }),
    ])
    expect(codes(first)).toEqual(['! 1 client-conflict'])
    expect(codes(second)).toEqual(['! 2 client-conflict'])
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('[M2] checks `on` also where the number is done with the same nonce', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] })
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(9), mutations: [addNote(2)] }))).toEqual(['! 2 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: 'x', mutations: [addNote(1)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [addNote(2), addNote(3)] }))).toEqual([
      '2 done',
      '3 done',
    ])
  })

  it('[M3] stops at numbers that do not follow each other', async () => {
    const world = new BackendWorld()
    const gap = await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(3)] })
    expect(gap).toMatchObject({ acks: [{ n: 1 }], error: { code: 'out-of-order', n: 3, expected: 2 } })
    await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [addNote(2), addNote(3)] })
    const back = await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(4)] })
    expect(back).toMatchObject({ acks: [{ n: 1 }], error: { code: 'bad-request', n: 4 } })
  })

  it('[M2] binds a client id to the first user who uses it, in each tenant', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1)] })
    expect(codes(await world.batch(bob, { client: CLIENT, on: nonceOf(1), mutations: [addNote(2)] }))).toEqual(['! 2 client-conflict'])
    expect(codes(await world.batch(bob, { client: CLIENT, on: '', mutations: [addNote(1)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(user('bob', 'other'), { client: CLIENT, on: '', mutations: [addNote(1)] }))).toEqual(['1 done'])
    expect((await world.backend.open(bob, CLIENT, [])).acked).toEqual([0, ''])
    expect((await world.backend.open(alice, CLIENT, [])).acked).toEqual([1, nonceOf(1)])
  })

  it('[M2] answers what was done longer ago than the record with outcome-unknown, and goes on', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2), addNote(3)] })
    const forgetful: Changelog = {
      ...world.memory,
      write: (work) => world.memory.write((tenant) => work((name) => new Proxy(tenant(name), { get: (tx, key) => forgets(tx, key) }))),
    }
    function forgets(tx: object, key: string | symbol): unknown {
      if (key === 'mutation') return async (client: string, n: number) => (n < 3 ? undefined : (tx as any).mutation(client, n))
      const member = (tx as any)[key]
      return typeof member === 'function' ? member.bind(tx) : member
    }
    const later = new BackendWorld({ changelog: forgetful })
    const answer = await later.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2), addNote(3), addNote(4)] })
    expect(codes(answer)).toEqual(['1 outcome-unknown', '2 outcome-unknown', '3 done', '4 done'])
  })

  it('[M5] an answer tells of one history: where the changelog is set back within a batch, nothing of it is told, and all of it is sent again', async () => {
    const world = new BackendWorld()
    const empty = world.memory.snapshot()
    const fork = new BackendWorld()
    await fork.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1, 7)] })
    const elsewhere = { ...addNote(2), space: 'open:2' }
    for (const [backup, again] of [
      [empty, ['1 done', '2 done']],
      [fork.memory.snapshot(), ['! 1 client-conflict']],
    ] as const) {
      world.memory.restore(empty)
      let asked = 0
      // No before the first one is run, and yes after it: two transactions, with a restore between them.
      const joins: AccessRules[string] = (_, space) => {
        if (space === 'open:1') return 'write'
        if (asked++ === 0) return 'none'
        if (asked === 2) world.memory.restore(backup)
        return 'write'
      }
      world.start({ access: { ...everybody(app), open: joins } })
      const batch = { client: CLIENT, on: '', mutations: [addNote(1), elsewhere] }
      expect(await world.batch(alice, batch)).toMatchObject({ acks: [], error: { code: 'unavailable', n: 1, retryable: true } })
      expect(codes(await world.batch(alice, batch))).toEqual(again)
    }
  })

  it('[M5] records a void mutation as refused, and acknowledges it again', async () => {
    const world = new BackendWorld()
    const voided = { n: 1, nonce: nonceOf(1), void: true } as const
    const batch = { client: CLIENT, on: '', mutations: [voided, addNote(2)] }
    expect(codes(await world.batch(alice, batch))).toEqual(['1 rejected', '2 done'])
    expect(codes(await world.batch(alice, batch))).toEqual(['1 rejected', '2 done'])
  })

  it('refused number in the tail: a server that forgot everything takes the whole tail, void ones included', async () => {
    const world = new BackendWorld()
    const before = world.memory.snapshot()
    const refused = item(1, 'open:1', 'refuse', { why: 'no' })
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: [refused, addNote(2)] }))).toEqual(['1 rejected', '2 done'])
    world.memory.restore(before)
    const tail = [{ n: 1, nonce: nonceOf(1), void: true }, addNote(2)]
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: tail }))).toEqual(['1 rejected', '2 done'])
    expect((await world.backend.open(alice, CLIENT, [])).acked).toEqual([2, nonceOf(2)])
  })
})
