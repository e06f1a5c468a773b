// Goal: what a mutator may do, and that nothing it does or fails to do harms others.
import { describe, expect, it } from 'vitest'
import { addNote, app, BackendWorld, CLIENT, clientOf, codes, everybody, item, NEW, nonceOf, user } from '../../test/backend-world.ts'
import { faultyChangelog } from '../../test/faulty-changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { MUTATOR_WITHIN_MS } from './bounds.ts'

const alice = user('alice')
const bob = user('bob')

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
      addNote(9),
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
    const answer = await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), item(2, 'open:1', 'crash', {}), addNote(3)] })
    expect(answer).toMatchObject({ acks: [{ n: 1, in: { 'open:1': 1 } }], error: { code: 'internal', n: 2, retryable: true } })
    expect(answer.error?.message).not.toContain('a bug in the app')
    expect(JSON.stringify(world.logged.map(({ message }) => message))).toContain('a mutator threw')
    expect((await world.head('open:1')).version).toBe(1)
  })

  it.each([{ toString: 1 }, null, 7])(
    '[M3] a name that is no text (%j) is refused as invalid, and what is behind it runs',
    async (name) => {
      const world = new BackendWorld()
      const nameless = { ...addNote(1), name }
      expect(codes(await world.batch(alice, { client: CLIENT, on: '', mutations: [nameless, addNote(2)] }))).toEqual([
        '1 invalid',
        '2 done',
      ])
    },
  )

  it('one mutator that throws leaves the others of its group alone', async () => {
    const world = new BackendWorld()
    const crash = world.batch(alice, { client: clientOf(alice), on: '', mutations: [item(1, 'open:1', 'crash', {})] })
    const fine = world.batch(bob, { client: clientOf(bob), on: '', mutations: [item(1, 'open:1', 'add', { id: 'b', text: 'x' })] })
    expect(codes(await crash)).toEqual(['! 1 internal'])
    expect(codes(await fine)).toEqual(['1 done'])
  })

  it('stops a mutator at its time limit with unavailable, and lets the ones behind it through', async () => {
    const world = new BackendWorld()
    const hanging = world.batch(alice, { client: clientOf(alice), on: '', mutations: [item(1, 'open:1', 'hang', {}), addNote(2)] })
    const waiting = world.batch(bob, { client: clientOf(bob), on: '', mutations: [addNote(1)] })
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

  it('draws by the server’s chance: once, however often it is sent', async () => {
    const world = new BackendWorld()
    const draw = { client: CLIENT, on: '', mutations: [item(1, 'open:1', 'draw', { id: 'x' })] }
    world.chance = 0.25
    const answer = await world.batch(alice, draw)
    world.chance = 0.75
    expect(await world.batch(alice, draw)).toEqual(answer)
    expect((await world.range(alice, 'open:1', NEW)).changes).toMatchObject([{ put: { text: 'true', stars: 0.25 } }])
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
    const broken = faultyChangelog(world.memory, 'commit', (space) => space === 'open:2')
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
    const world = new BackendWorld({ changelog: faultyChangelog(memory, 'document', (_space, _collection, id) => id === 'damaged') })
    const answer = await world.batch(alice, {
      client: CLIENT,
      on: '',
      mutations: [addNote(1), item(2, 'open:1', 'careless', {}), addNote(3)],
    })
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
