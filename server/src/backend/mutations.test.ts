// Goal: every rule of protocol §6 that a server keeps, at the Backend interface, over a real changelog.
import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type Answer, BackendWorld, CLIENT, clientOf, item, NEW, nonceOf, user } from '../../test/backend-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import type { Changelog } from '../changelog/changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { MUTATOR_WITHIN_MS, QUEUE_MUTATIONS_MAX } from './bounds.ts'

const alice = user('alice')
const bob = user('bob')

function add(n: number, history = 0) {
  return item(n, 'open:1', 'put', { c: 'notes', id: `d${n}`, doc: { text: `t${n}.${history}` } }, history)
}

function codes({ acks, error }: Answer): string[] {
  return [...acks.map(({ n, error: refusal }) => `${n} ${refusal?.code ?? 'done'}`), ...(error ? [`! ${error.n} ${error.code}`] : [])]
}

describe('the order of mutations', () => {
  it('[M1] runs a batch in order, once, however often it is sent', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [add(1), add(2)] }
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
    const batch = { client: CLIENT, on: '', mutations: [add(1), add(2)] }
    const [one, two] = await Promise.all([world.batch(alice, batch), world.batch(alice, batch)])
    expect(two).toEqual(one)
    expect((await world.head('open:1')).version).toBe(2)
  })

  it('publishes a hint and tells what was touched after the commit only', async () => {
    const world = new BackendWorld()
    const seen: number[] = []
    world.bus.subscribe(() => void world.head('open:1').then(({ version }) => seen.push(version)))
    const { touched } = await world.backend.mutate(alice, { client: CLIENT, on: '', mutations: [add(1), add(2)] })
    expect([...touched]).toEqual([['open:1', 2]])
    expect(world.hints).toEqual([{ tenant: 'default', space: 'open:1', version: 2 }])
    await settle()
    expect(seen).toEqual([2])
  })

  it('tells what was touched for acks that are given again, and publishes no hint for them', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [add(1)] }
    await world.backend.mutate(alice, batch)
    const { touched } = await world.backend.mutate(alice, batch)
    expect([...touched]).toEqual([['open:1', 1]])
    expect(world.hints).toHaveLength(1)
  })

  it('[M3] answers a number past the next one with out-of-order and what is expected, whatever `on` says', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1)] })
    for (const on of ['', nonceOf(1), nonceOf(2), 'nonsense']) {
      const answer = await world.batch(alice, { client: CLIENT, on, mutations: [add(3)] })
      expect(answer).toMatchObject({ acks: [], error: { code: 'out-of-order', n: 3, expected: 2 } })
    }
    const fresh = await world.batch(alice, { client: 'c_BBBBBBBBBBBBBBBBBBBBBB', on: '', mutations: [add(5)] })
    expect(fresh.error).toMatchObject({ code: 'out-of-order', n: 5, expected: 1 })
  })

  it('[M2] answers another nonce at a number that is done with client-conflict', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(2)] })
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1, 7)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [add(2, 7)] }))).toEqual(['! 2 client-conflict'])
  })

  it('[M2] pipelined past a conflict: what stands on another nonce than the one done is a conflict too', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1, 2)] })
    const [first, second] = await Promise.all([
      world.batch(alice, { client: CLIENT, on: '', mutations: [add(1, 1)] }),
      world.batch(alice, { client: CLIENT, on: nonceOf(1, 1), mutations: [add(2, 1)] }),
    ])
    expect(codes(first)).toEqual(['! 1 client-conflict'])
    expect(codes(second)).toEqual(['! 2 client-conflict'])
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('[M2] checks `on` also where the number is done with the same nonce', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(2)] })
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(9), mutations: [add(2)] }))).toEqual(['! 2 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: 'x', mutations: [add(1)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [add(2), add(3)] }))).toEqual(['2 done', '3 done'])
  })

  it('[M3] stops at numbers that do not follow each other', async () => {
    const world = new BackendWorld()
    const gap = await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(3)] })
    expect(gap).toMatchObject({ acks: [{ n: 1 }], error: { code: 'out-of-order', n: 3, expected: 2 } })
    await world.batch(alice, { client: CLIENT, on: nonceOf(1), mutations: [add(2), add(3)] })
    const back = await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(4)] })
    expect(back).toMatchObject({ acks: [{ n: 1 }], error: { code: 'bad-request', n: 4 } })
  })

  it('[M2] binds a client id to the first user who uses it, in each tenant', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1)] })
    expect(codes(await world.batch(bob, { client: CLIENT, on: nonceOf(1), mutations: [add(2)] }))).toEqual(['! 2 client-conflict'])
    expect(codes(await world.batch(bob, { client: CLIENT, on: '', mutations: [add(1)] }))).toEqual(['! 1 client-conflict'])
    expect(codes(await world.batch(user('bob', 'other'), { client: CLIENT, on: '', mutations: [add(1)] }))).toEqual(['1 done'])
    expect((await world.backend.open(bob, CLIENT, [])).acked).toEqual([0, ''])
    expect((await world.backend.open(alice, CLIENT, [])).acked).toEqual([1, nonceOf(1)])
  })

  it('[M2] answers what was done longer ago than the record with outcome-unknown, and goes on', async () => {
    const world = new BackendWorld()
    await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(2), add(3)] })
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
    const answer = await later.batch(alice, { client: CLIENT, on: '', mutations: [add(1), add(2), add(3), add(4)] })
    expect(codes(answer)).toEqual(['1 outcome-unknown', '2 outcome-unknown', '3 done', '4 done'])
  })

  it('[M5] records a void mutation as refused, and acknowledges it again', async () => {
    const world = new BackendWorld()
    const voided = { n: 1, nonce: nonceOf(1), void: true } as const
    const batch = { client: CLIENT, on: '', mutations: [voided, add(2)] }
    expect(codes(await world.batch(alice, batch))).toEqual(['1 rejected', '2 done'])
    expect(codes(await world.batch(alice, batch))).toEqual(['1 rejected', '2 done'])
  })

  it('refused number in the tail: a server that forgot everything takes the whole tail, void ones included', async () => {
    const world = new BackendWorld()
    const before = world.memory.snapshot()
    const refused = item(1, 'open:1', 'refuse', { why: 'no' })
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: [refused, add(2)] }))).toEqual(['1 rejected', '2 done'])
    world.memory.restore(before)
    const tail = [{ n: 1, nonce: nonceOf(1), void: true }, add(2)]
    expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: tail }))).toEqual(['1 rejected', '2 done'])
    expect((await world.backend.open(alice, CLIENT, [])).acked).toEqual([2, nonceOf(2)])
  })
})

describe('refusals', () => {
  it('[M3] refuses for good, records it, and goes on behind it', async () => {
    const world = new BackendWorld()
    const mutations = [
      item(1, 'open:1', 'refuse', { why: 'The room is closed.' }),
      item(2, 'open:1', 'nothing', {}),
      item(3, 'nowhere:1', 'put', {}),
      item(4, 'open:1', 'put', { c: 'letters', id: 'x', doc: {} }),
      item(5, 'open:1', 'put', { c: 'notes', id: 'x', doc: { text: 5 } }),
      item(6, 'open:1', 'many', { count: 1001 }),
      { n: 7, nonce: nonceOf(7), space: 'open:1', name: 'put' },
      item(8, 'open:1', 'add', { id: 'x' }),
      add(9),
    ]
    const answer = await world.batch(alice, { client: CLIENT, on: '', mutations })
    expect(codes(answer)).toEqual([
      '1 rejected',
      '2 not-found',
      '3 not-found',
      '4 not-found',
      '5 invalid',
      '6 too-large',
      '7 invalid',
      '8 invalid',
      '9 done',
    ])
    expect(answer.acks.map(({ error }) => error?.message)).toMatchObject([
      'The room is closed.',
      expect.stringContaining('nothing'),
      expect.stringContaining('nowhere'),
      expect.stringContaining('letters'),
      expect.stringContaining('notes.text'),
      expect.stringContaining('1000'),
      expect.stringContaining('args'),
      expect.stringContaining('args.text'),
      undefined,
    ])
    expect(await world.batch(alice, { client: CLIENT, on: '', mutations })).toEqual(answer)
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('keeps a refusal readable and bounded', async () => {
    const world = new BackendWorld()
    const { error } = await world.mutate(alice, 'open:1', 'refuse', { why: 'x'.repeat(100_000) })
    expect(error?.message).toHaveLength(500)
  })

  it('refuses reserved keys, depth and control characters in arguments', async () => {
    const world = new BackendWorld()
    const deep = JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`)
    const reserved = JSON.parse('{"__proto__":{"text":"x"},"text":"x"}')
    for (const doc of [deep, reserved]) {
      const { error } = await world.mutate(alice, 'open:1', 'put', { c: 'notes', id: 'x', doc })
      expect(error?.code).toBe('invalid')
    }
    expect((await world.mutate(alice, 'open:1', 'put', { c: 'notes', id: 'a\u0000', doc: { text: 'x' } })).error?.code).toBe('invalid')
    expect((await world.mutate(alice, 'open:1', 'add', { id: 'a\n', text: 'x' })).error?.code).toBe('invalid')
    expect((await world.head('open:1')).version).toBe(0)
  })
})

describe('mutators', () => {
  it('[M3] stops at a mutator that throws: nothing from there on is run, and what is before it counts', async () => {
    const world = new BackendWorld()
    const answer = await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), item(2, 'open:1', 'crash', {}), add(3)] })
    expect(answer).toMatchObject({ acks: [{ n: 1, in: { 'open:1': 1 } }], error: { code: 'internal', n: 2, retryable: true } })
    expect(answer.error?.message).not.toContain('a bug in the app')
    expect(JSON.stringify(world.logged.map(({ message }) => message))).toContain('a mutator threw')
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('one mutator that throws leaves the others of its group alone', async () => {
    const world = new BackendWorld()
    const crash = world.batch(alice, { client: clientOf(alice), on: '', mutations: [item(1, 'open:1', 'crash', {})] })
    const fine = world.batch(bob, { client: clientOf(bob), on: '', mutations: [item(1, 'open:1', 'add', { id: 'b', text: 'x' })] })
    expect(codes(await crash)).toEqual(['! 1 internal'])
    expect(codes(await fine)).toEqual(['1 done'])
  })

  it('stops a mutator at its time limit with unavailable, and lets the ones behind it through', async () => {
    const world = new BackendWorld()
    const hanging = world.batch(alice, { client: clientOf(alice), on: '', mutations: [item(1, 'open:1', 'hang', {}), add(2)] })
    const waiting = world.batch(bob, { client: clientOf(bob), on: '', mutations: [add(1)] })
    await world.clock.pass(MUTATOR_WITHIN_MS)
    expect(codes(await hanging)).toEqual(['! 1 unavailable'])
    expect(codes(await waiting)).toEqual(['1 done'])
    expect(world.clock.timers).toBe(0)
  })

  it('sees its own writes, and writes one change a document', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'one', stars: 1 })
    await world.mutate(alice, 'open:1', 'twice', { id: 'x' })
    const { changes } = await world.range(alice, 'open:1', NEW)
    expect(changes).toEqual([
      { v: 1, c: 'notes', id: 'x', put: { text: 'one', stars: 1 }, o: nonceOf(1) },
      { v: 2, c: 'notes', id: 'x', set: { stars: 3 }, o: nonceOf(2) },
    ])
  })

  it('takes a document that is deleted and created again for new', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'old' })
    await world.mutate(bob, 'open:1', 'recreate', { id: 'x' })
    const { changes } = await world.range(alice, 'open:1', NEW)
    expect(changes.at(-1)).toEqual({ v: 2, c: 'notes', id: 'x', put: { text: 'new' }, o: nonceOf(1) })
  })

  it('refuses to hand an id over to another reader within one mutation', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'mixed:1', 'mine', 'x', { text: 'old' })
    expect((await world.mutate(bob, 'mixed:1', 'replace', { id: 'x', text: 'new' })).error?.code).toBe('rejected')
    expect((await world.mutate(alice, 'mixed:1', 'replace', { id: 'x', text: 'new' })).in).toEqual({ 'mixed:1': 2 })
  })

  it('writes to two spaces in one mutation, each with its own version', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:2', 'notes', 'a', { text: 'x' })
    const ack = await world.mutate(alice, 'open:1', 'both', { other: 'open:2', id: 'm' })
    expect(ack.in).toEqual({ 'open:1': 1, 'open:2': 2 })
    expect(world.hints.slice(1)).toEqual([
      { tenant: 'default', space: 'open:1', version: 1 },
      { tenant: 'default', space: 'open:2', version: 2 },
    ])
    expect((await world.mutate(alice, 'open:1', 'both', { other: 'nowhere:1', id: 'm' })).error?.code).toBe('not-found')
    expect((await world.mutate(alice, 'open:1', 'both', { other: 'No Space', id: 'm' })).error?.code).toBe('invalid')
  })

  it('writes to both spaces or to neither, also when the changelog fails between the two', async () => {
    const world = new BackendWorld()
    const broken = faulty(world.memory, 'commit', (space) => space === 'open:2')
    const half = new BackendWorld({ changelog: broken })
    const batch = { client: CLIENT, on: '', mutations: [item(1, 'open:1', 'both', { other: 'open:2', id: 'm' })] }
    expect(codes(await half.batch(alice, batch))).toEqual(['! 1 unavailable'])
    expect((await world.head('open:1')).version).toBe(0)
    expect(codes(await world.batch(alice, batch))).toEqual(['1 done'])
    expect((await world.head('open:1')).version).toBe(1)
    expect((await world.head('open:2')).version).toBe(1)
  })

  it('counts trouble of the changelog as unavailable, also where the mutator swallows it', async () => {
    const memory = memoryChangelog()
    const world = new BackendWorld({ changelog: faulty(memory, 'document', (_space, _collection, id) => id === 'damaged') })
    const answer = await world.batch(alice, { client: CLIENT, on: '', mutations: [add(1), item(2, 'open:1', 'careless', {}), add(3)] })
    expect(codes(answer)).toEqual(['1 done', '! 2 unavailable'])
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('acknowledges a mutation without changes with an empty `in`', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'one' })
    expect((await world.put(alice, 'open:1', 'notes', 'x', { text: 'one' })).in).toEqual({})
    expect((await world.delete(alice, 'open:1', 'notes', 'none')).in).toEqual({})
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('writes nothing after its end, into no transaction', async () => {
    const late: Promise<unknown>[] = []
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const world = new BackendWorld()
    const { app, everybody } = await import('../../test/backend-world.ts')
    const spaces = {
      ...app.spaces,
      open: {
        ...app.spaces.open,
        args: {},
        mutators: {
          async detach(tx: any) {
            late.push(gate.then(() => tx.notes.put('late', { text: 'late' })).catch((error: Error) => error))
          },
          async hang(tx: any) {
            late.push(gate.then(() => tx.notes.put('late', { text: 'late' })).catch((error: Error) => error))
            await new Promise(() => {})
          },
        },
      },
    }
    const detached: any = { version: '1', spaces }
    world.start({ app: detached, access: everybody(detached) })
    await world.batch(alice, { client: clientOf(alice), on: '', mutations: [item(1, 'open:1', 'detach', {})] })
    const hanging = world.batch(bob, { client: clientOf(bob), on: '', mutations: [item(1, 'open:1', 'hang', {})] })
    await world.clock.pass(MUTATOR_WITHIN_MS)
    expect(codes(await hanging)).toEqual(['! 1 unavailable'])
    go()
    expect(await Promise.all(late)).toMatchObject([{ code: 'rejected' }, { code: 'rejected' }])
    expect((await world.head('open:1')).version).toBe(0)
  })
})

describe('group commit', () => {
  it('puts whatever waits into one write transaction', async () => {
    const memory = memoryChangelog()
    let writes = 0
    const world = new BackendWorld({
      changelog: {
        ...memory,
        write(work) {
          writes += 1
          return memory.write(work)
        },
      },
    })
    const users = Array.from({ length: 50 }, (_, at) => user(`u${at}`))
    const answers = await Promise.all(users.map((who) => world.batch(who, { client: clientOf(who), on: '', mutations: [add(1)] })))
    expect(answers.every(({ acks }) => acks.length === 1)).toBe(true)
    expect(writes).toBeLessThanOrEqual(2)
  })

  it('answers unavailable, with what was acknowledged before, when a write cannot be stored, and works again after', async () => {
    const memory = memoryChangelog()
    let isDown = true
    const world = new BackendWorld({
      changelog: {
        ...memory,
        async write(work) {
          if (!isDown) return memory.write(work)
          await memory.write(work).catch(() => undefined)
          throw new UnavailableError('the disk is full')
        },
      },
    })
    const lost = memory.snapshot()
    const batch = { client: CLIENT, on: '', mutations: [add(1), add(2)] }
    expect(await world.batch(alice, batch)).toMatchObject({ acks: [], error: { code: 'unavailable', n: 1 } })
    expect(world.hints).toEqual([])
    isDown = false
    memory.restore(lost)
    expect(codes(await world.batch(alice, batch))).toEqual(['1 done', '2 done'])
  })

  it('refuses more than may wait, and says when to come again', async () => {
    const world = new BackendWorld()
    const mutations = Array.from({ length: 100 }, (_, at) => item(at + 1, 'open:1', 'delete', { c: 'notes', id: 'x' }))
    const batches = Array.from({ length: QUEUE_MUTATIONS_MAX / 100 + 1 }, (_, at) =>
      world.backend.mutate(user(`u${at}`), { client: clientOf(user(`u${at}`)), on: '', mutations }),
    )
    const results = await Promise.allSettled(batches)
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', afterMs: expect.any(Number) } })
  })
})

/** A changelog whose write transactions fail at one method, for some of its calls. */
function faulty(changelog: Changelog, method: string, fails: (...args: string[]) => boolean): Changelog {
  const wrap = (tx: any) =>
    new Proxy(tx, {
      get(target, key) {
        const member = target[key]
        if (key !== method) return typeof member === 'function' ? member.bind(target) : member
        return async (...args: any[]) => {
          if (fails(...args)) throw new Error('a fault of the engine')
          return member.apply(target, args)
        }
      },
    })
  return { ...changelog, write: (work) => changelog.write((tenant) => work((name) => wrap(tenant(name)))) }
}
