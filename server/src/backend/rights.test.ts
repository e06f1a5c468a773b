// Goal: nobody reads or writes what the rules do not give them, and no answer tells what is there.
import { type App, collection, defineApp, EMPTY_SEAL, space, toWire, type Version } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { after, app, askOf, BackendWorld, BOUNDS, CLIENT, clientOf, everybody, NEW, user } from '../../test/backend-world.ts'
import { type AccessRules, ownerOnly } from './access.ts'
import { ACCESS_WITHIN_MS, AUTHENTICATE_WITHIN_MS } from './bounds.ts'
import { createBackend } from './create-backend.ts'
import { serverCommits } from './server-commits.ts'

const alice = user('alice')
const bob = user('bob')
const access = everybody(app)
const adminApp = defineApp({
  version: '1',
  spaces: {
    desk: space({
      collections: { signs: collection(v.object({ isAdmin: v.boolean() })) },
      mutators: {
        async sign(tx, { id }: { id: string }) {
          await tx.signs.put(id, { isAdmin: tx.isAdmin })
        },
      },
    }),
  },
})

describe('access', () => {
  it('lacks no kind: what is missing is said at creation', () => {
    const world = new BackendWorld()
    expect(() => world.start({ access: { open: () => 'write', mixed: () => 'write' } as AccessRules })).toThrow(/access: add `hidden`/)
    expect(() => world.start({ access: { ...access, opne: () => 'write' } })).toThrow(/no space kind opne/)
  })

  it('is checked by the types, kind by kind', () => {
    const world = new BackendWorld()
    const { changelog, bus, clock } = world
    const authenticate = async () => alice
    // @ts-expect-error the rules of mixed and hidden are missing
    expect(() => createBackend({ app, changelog, bus, clock, authenticate, access: { open: ownerOnly } })).toThrow(TypeError)
  })

  it('gives a space to the user whose name it bears', () => {
    expect(ownerOnly('alice', 'user:alice')).toBe('write')
    expect(ownerOnly('alice', 'user:bob')).toBe('none')
    expect(ownerOnly('alice', 'user')).toBe('none')
  })

  it('answers forbidden for a space that is not yours, whether it exists or not, without its name', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'secret' })
    world.start({ access: { ...access, open: ownerOnly } })
    const errors = await Promise.all(
      ['open:1', 'open:2'].map((space) =>
        world.range(bob, space, NEW).then(
          () => undefined,
          (error) => toWire(error),
        ),
      ),
    )
    expect(errors[0]).toEqual(errors[1])
    expect(errors[0]).toMatchObject({ code: 'forbidden' })
    expect(JSON.stringify(errors)).not.toContain('open:')
    expect((await world.put(bob, 'open:1', 'notes', 'y', { text: 'x' })).error).toMatchObject({ code: 'forbidden' })
  })

  it('lets a reader read and refuses what they write', async () => {
    const world = new BackendWorld({ access: { ...access, open: (name) => (name === 'alice' ? 'write' : 'read') } })
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'hi' })
    expect((await world.range(bob, 'open:1', NEW)).changes).toHaveLength(1)
    expect((await world.mutate(bob, 'open:1', 'add', { id: 'y', text: 'x' })).error?.code).toBe('forbidden')
  })

  it('lets an admin read and write, and tells mutators, who are asked for nobody else', async () => {
    const world = new BackendWorld({
      app: adminApp as unknown as App,
      access: { desk: (name: string) => (name === 'alice' ? 'admin' : 'write') } as AccessRules,
    })
    for (const who of [alice, bob]) await world.mutate(who, 'desk', 'sign', { id: who.user })
    const range = await world.range(bob, 'desk', NEW)
    expect(range.changes.map((change) => [change.id, 'put' in change && change.put])).toEqual([
      ['alice', { isAdmin: true }],
      ['bob', { isAdmin: false }],
    ])
    await serverCommits<typeof adminApp>(world.backend.commits).commit('desk', (tx) => tx.signs.put('server', { isAdmin: tx.isAdmin }))
    expect((await world.range(bob, 'desk', after(range))).changes).toMatchObject([{ id: 'server', put: { isAdmin: true } }])
  })

  it('[B8] wiped by a bug: a rule that throws, lies or hangs is internal, and denies nobody for good', async () => {
    const world = new BackendWorld()
    const broken: AccessRules[string][] = [
      () => {
        throw new Error('a bug in a rule')
      },
      () => Promise.reject(new Error('a bug in a rule')),
      () => true as never,
      () => new Promise(() => {}),
    ]
    for (const open of broken) {
      world.start({ access: { ...access, open } })
      const range = world.backend.range(alice, 'open:1', askOf(NEW), BOUNDS).catch((error) => error)
      const open1 = world.backend.open(alice, CLIENT, ['open:1', 'mixed:1'])
      const batch = world.put(alice, 'open:1', 'notes', 'x', { text: 'x' }).catch((error) => error)
      await world.clock.pass(ACCESS_WITHIN_MS)
      expect(await range).toMatchObject({ code: 'internal', retryable: true })
      expect((await open1).opened.get('open:1')).toMatchObject({ denied: { code: 'internal' } })
      expect((await open1).opened.get('mixed:1')).toMatchObject({ head: 0 })
      expect(await batch).toMatchObject({ code: 'internal', n: 1 })
    }
    world.start()
    expect((await world.put(alice, 'open:1', 'notes', 'x', { text: 'x' })).in).toEqual({ 'open:1': 1 })
    expect(world.clock.timers).toBe(0)
  })

  it('is asked again for what earlier mutations of the batch may have opened', async () => {
    const world = new BackendWorld()
    const member: AccessRules[string] = async (name, space) => {
      const joined = await world.changelog.read('default', (tx) => tx.document('open:1', 'notes', `member-${name}`))
      return space === 'open:1' || joined?.doc !== undefined ? 'write' : 'none'
    }
    world.start({ access: { ...access, open: member } })
    const mutations = [
      { n: 1, nonce: '0000000000000001', space: 'open:1', name: 'add', args: { id: 'member-alice', text: 'x' }, madeMs: 0 },
      { n: 2, nonce: '0000000000000002', space: 'open:2', name: 'add', args: { id: 'hello', text: 'x' }, madeMs: 0 },
    ]
    expect(await world.batch(alice, { client: CLIENT, on: '', mutations })).toMatchObject({
      acks: [
        { n: 1, in: { 'open:1': 1 } },
        { n: 2, in: { 'open:2': 1 } },
      ],
    })
  })

  it('is asked for a batch only when the one before it of the same client is done', async () => {
    const world = new BackendWorld()
    const member: AccessRules[string] = async (name, space) => {
      const joined = await world.changelog.read('default', (tx) => tx.document('open:1', 'notes', `member-${name}`))
      return space === 'open:1' || joined?.doc !== undefined ? 'write' : 'none'
    }
    world.start({ access: { ...access, open: member } })
    const join = { n: 1, nonce: '0000000000000001', space: 'open:1', name: 'add', args: { id: 'member-alice', text: 'x' }, madeMs: 0 }
    const speak = { n: 2, nonce: '0000000000000002', space: 'open:2', name: 'add', args: { id: 'hello', text: 'x' }, madeMs: 0 }
    const [, second] = await Promise.all([
      world.batch(alice, { client: CLIENT, on: '', mutations: [join] }),
      world.batch(alice, { client: CLIENT, on: join.nonce, mutations: [speak] }),
    ])
    expect(second).toMatchObject({ acks: [{ n: 2, in: { 'open:2': 1 } }] })
  })

  it('gives the ack of what is done also after the right is gone', async () => {
    const world = new BackendWorld()
    const batch = {
      client: CLIENT,
      on: '',
      mutations: [{ n: 1, nonce: '0000000000000001', space: 'open:1', name: 'add', args: { id: 'a', text: 'x' }, madeMs: 0 }],
    }
    const first = await world.batch(alice, batch)
    world.start({ access: { ...access, open: () => 'none' } })
    expect(await world.batch(alice, batch)).toEqual(first)
  })
})

describe('open', () => {
  it('tells heads, views and denials, and knows no unknown kind', async () => {
    const world = new BackendWorld({ access: { ...access, open: ownerOnly } })
    await world.put(alice, 'open:alice', 'notes', 'x', { text: 'x' })
    const { opened, acked } = await world.backend.open(alice, CLIENT, ['open:alice', 'open:bob', 'nowhere:1', 'mixed:1', 'hidden:1'])
    expect(acked).toEqual([0, ''])
    expect(opened.get('open:alice')).toEqual({ view: '', head: 1 })
    expect(opened.get('open:bob')).toMatchObject({ denied: { code: 'forbidden' } })
    expect(opened.get('nowhere:1')).toMatchObject({ denied: { code: 'not-found', message: expect.stringContaining('nowhere') } })
    const views = (who: typeof alice) => world.backend.open(who, CLIENT, ['mixed:1', 'hidden:1']).then(({ opened: of }) => [...of.values()])
    const [ofAlice, ofBob] = [await views(alice), await views(bob)]
    expect(ofAlice[0]).not.toEqual(ofBob[0])
    expect(ofAlice[1]).toEqual(ofBob[1])
    expect((ofAlice[1] as { view: string }).view).not.toBe('')
  })

  it('refuses what no client says', async () => {
    const { backend } = new BackendWorld()
    await expect(backend.open(alice, 'c_short', [])).rejects.toMatchObject({ code: 'bad-request' })
    await expect(backend.open(alice, CLIENT, ['No Space'])).resolves.toMatchObject({
      opened: new Map([['No Space', { denied: expect.objectContaining({ code: 'bad-request' }) }]]),
    })
    for (const ask of [
      { version: -1, seal: '' },
      { version: 1.5, seal: 'aaaaaaaa' },
      { version: 1, seal: '' },
      { version: 1, seal: 'ä' },
    ])
      await expect(backend.range(alice, 'open:1', askOf(ask), BOUNDS)).rejects.toMatchObject({ code: 'bad-request' })
    await expect(backend.range(alice, 'nowhere:1', askOf(NEW), BOUNDS)).rejects.toMatchObject({ code: 'not-found' })
    await expect(backend.pull(alice, 'open:1', askOf(NEW), BOUNDS, 'c_short', 'default')).rejects.toMatchObject({ code: 'bad-request' })
    await expect(backend.mutate(alice, { client: 'c_short', on: '', mutations: [] })).rejects.toMatchObject({ code: 'bad-request' })
  })
})

describe('pull and differing', () => {
  it('[M4] reads `acked` and the range at one moment, and tells nobody of another user', async () => {
    const world = new BackendWorld()
    const ack = await world.put(alice, 'open:1', 'notes', 'x', { text: 'x' })
    const { range, acked } = await world.backend.pull(alice, 'open:1', askOf(NEW), BOUNDS, clientOf(alice), 'default')
    expect([range.to, acked]).toEqual([1, [1, ack.nonce]])
    expect((await world.backend.pull(bob, 'open:1', askOf(NEW), BOUNDS, clientOf(alice), 'default')).acked).toEqual([0, ''])
    expect((await world.backend.pull(bob, 'open:1', askOf(NEW), BOUNDS, undefined, 'default')).acked).toBeUndefined()
  })

  it('[B6] names the spaces whose number or seal differs from what is stated', async () => {
    const world = new BackendWorld()
    for (const space of ['open:1', 'open:2', 'mixed:1'])
      await world.put(alice, space, space === 'mixed:1' ? 'shared' : 'notes', 'x', { text: space })
    const [one, mixed] = [await world.range(alice, 'open:1', NEW), await world.range(alice, 'mixed:1', NEW)]
    const stated = new Map([
      ['open:1', askOf(after(one))],
      ['open:2', askOf(after(one))],
      ['open:3', { version: 0 as Version, seal: EMPTY_SEAL }],
      ['open:4', askOf({ version: 3, seal: 'aaaaaaaa' })],
      ['mixed:1', askOf(after(mixed))],
    ])
    expect([...(await world.backend.differing('default', stated))]).toEqual([
      ['open:2', 1],
      ['open:4', 0],
    ])
  })
})

describe('authenticate', () => {
  it('refuses what is no token unread, a principal that is none, and waits for nobody for ever', async () => {
    const world = new BackendWorld()
    const { changelog, bus, clock } = world
    let seen = 0
    const of = (authenticate: (token: string) => Promise<any>) => createBackend({ app, changelog, bus, clock, access, authenticate } as any)
    const counting = of(async () => {
      seen += 1
      return alice
    })
    for (const token of ['', 'x'.repeat(10_000)])
      await expect(counting.authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated' })
    expect(seen).toBe(0)
    await expect(of(async () => ({ tenant: 'default', user: 'a b' })).authenticate('t')).rejects.toMatchObject({ code: 'internal' })
    await expect(of(async () => Promise.reject(new Error('bug'))).authenticate('t')).rejects.toMatchObject({ code: 'internal' })
    const hanging = of(() => new Promise(() => {}))
      .authenticate('t')
      .catch((error) => error)
    await clock.pass(AUTHENTICATE_WITHIN_MS)
    expect(await hanging).toMatchObject({ code: 'unavailable' })
  })
})
