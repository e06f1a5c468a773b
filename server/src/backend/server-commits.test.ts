// Goal: what a server's own code writes is all there or not at all, once a key, beside what clients write. Types are a part of it: what
// is wrong here does not compile, and the check compiles this file.
import { InvalidError, RejectedError, UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { after, type app, BackendWorld, NEW, user } from '../../test/backend-world.ts'
import { faultyChangelog } from '../../test/faulty-changelog.ts'
import { settle } from '../../test/virtual-clock.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { COMMITS_AT_ONCE_MAX, MUTATOR_WITHIN_MS, QUEUE_COMMIT_MUTATIONS_MAX } from './bounds.ts'
import { type ServerCommits, serverCommits } from './server-commits.ts'

const alice = user('alice')

function bench(world = new BackendWorld()): { world: BackendWorld; server: ServerCommits<typeof app> } {
  return { world, server: serverCommits<typeof app>(world.backend.commits) }
}

const changesOf = async (world: BackendWorld, space: string, who = alice) => (await world.range(who, space, NEW)).changes

describe('server.commit', () => {
  it('writes to several spaces at once, each with a version of its own, and readers see whose it is not', async () => {
    const { world, server } = bench()
    const done = await server.commit('open:1', async (tx) => {
      await tx.notes.put('a', { text: tx.user })
      await tx.space('mixed:1').mine.put('b', { text: 'for nobody' })
      await tx.space('open:2').notes.put('c', { text: 'x' })
    })
    expect(done).toEqual({ in: { 'open:1': 1, 'open:2': 1, 'mixed:1': 1 } })
    expect(await changesOf(world, 'open:1')).toEqual([{ v: 1, c: 'notes', id: 'a', put: { text: '' } }])
    expect(await changesOf(world, 'mixed:1')).toEqual([])
    expect(world.hints.map(({ space }) => space).sort()).toEqual(['mixed:1', 'open:1', 'open:2'])
  })

  it('on behalf of a user: what it creates is that user’s, as presets see it', async () => {
    const { world, server } = bench()
    await server.commit('mixed:1', (tx) => tx.mine.put('b', { text: tx.user }), { user: 'alice' })
    expect(await changesOf(world, 'mixed:1')).toMatchObject([{ id: 'b', put: { text: 'alice' } }])
    expect(await changesOf(world, 'mixed:1', user('bob'))).toEqual([])
    expect(await world.delete(alice, 'mixed:1', 'mine', 'b')).toMatchObject({ in: { 'mixed:1': 2 } })
  })

  it('changes a document and keeps who created it', async () => {
    const { world, server } = bench()
    await world.put(alice, 'open:1', 'signed', 'm', { text: 'mine', by: 'alice' })
    await server.commit('open:1', (tx) => tx.signed.patch('m', { text: 'mended' }))
    expect(await world.put(alice, 'open:1', 'signed', 'm', { text: 'mine again', by: 'alice' })).toMatchObject({ in: { 'open:1': 3 } })
  })

  it('rejects with what was thrown, whatever it was, and has written nothing', async () => {
    const { world, server } = bench()
    const bug = new Error('a bug')
    const thrown: [() => never, unknown][] = [
      [() => raise(bug), bug],
      [() => raise('a text'), 'a text'],
    ]
    for (const [fail, expected] of thrown) {
      const failing = server.commit('open:1', async (tx) => {
        await tx.notes.put('a', { text: 'half' })
        await tx.space('open:2').notes.put('a', { text: 'half' })
        fail()
      })
      await expect(failing).rejects.toBe(expected)
    }
    await expect(server.commit('open:1', (tx) => tx.reject('no'))).rejects.toBeInstanceOf(RejectedError)
    await expect(server.commit('open:1', (tx) => tx.notes.put('a', { text: 5 as never }))).rejects.toBeInstanceOf(InvalidError)
    await expect(server.commit('nowhere:1' as never, () => {})).rejects.toMatchObject({ code: 'not-found' })
    expect((await world.head('open:2')).version).toBe(0)
    // A caller's own bug is the caller's to log.
    expect(world.logged).toEqual([])
  })

  it('a second space that fails takes the first with it, and the neighbours in the group go on', async () => {
    const { world, server } = bench()
    const [one, two, three] = await Promise.allSettled([
      server.commit('open:1', (tx) => tx.notes.put('a', { text: 'x' })),
      server.commit('open:1', async (tx) => {
        await tx.notes.put('b', { text: 'x' })
        for (let n = 0; n < 1001; n++) await tx.space('open:2').notes.put(`n${n}`, { text: 'x' })
      }),
      world.put(alice, 'open:1', 'notes', 'c', { text: 'x' }),
    ])
    expect([one.status, two.status, three.status]).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(two).toMatchObject({ reason: { code: 'too-large' } })
    expect((await changesOf(world, 'open:1')).map(({ id }) => id)).toEqual(['a', 'c'])
    expect((await world.head('open:2')).version).toBe(0)
  })

  it('what goes on after its end writes nowhere', async () => {
    const { world, server } = bench()
    const late: Promise<unknown>[] = []
    const gate = Promise.withResolvers<void>()
    await server.commit('open:1', (tx) => {
      late.push(gate.promise.then(() => tx.notes.put('late', { text: 'x' })))
    })
    gate.resolve()
    await expect(late[0]).rejects.toMatchObject({ code: 'rejected' })
    await server.commit('open:1', (tx) => tx.notes.put('next', { text: 'x' }))
    expect((await changesOf(world, 'open:1')).map(({ id }) => id)).toEqual(['next'])
  })

  it('that does not end is unavailable, and what waits behind it is done', async () => {
    const { world, server } = bench()
    const hanging = expect(
      server.commit('open:1', async (tx) => {
        await tx.notes.put('half', { text: 'x' })
        await new Promise(() => {})
      }),
    ).rejects.toBeInstanceOf(UnavailableError)
    const behind = server.commit('open:1', (tx) => tx.notes.put('next', { text: 'x' }))
    await world.clock.pass(MUTATOR_WITHIN_MS)
    await hanging
    await behind
    expect((await changesOf(world, 'open:1')).map(({ id }) => id)).toEqual(['next'])
  })

  it('writes in the tenant that it names, and no other knows of it', async () => {
    const { world, server } = bench()
    await server.commit('open:1', (tx) => tx.notes.put('a', { text: 'x' }), { tenant: 'acme', key: 'once' })
    expect((await world.head('open:1')).version).toBe(0)
    expect(await changesOf(world, 'open:1', user('alice', 'acme'))).toHaveLength(1)
    expect(await server.commit('open:1', (tx) => tx.notes.put('a', { text: 'x' }), { key: 'once' })).toEqual({ in: { 'open:1': 1 } })
    await expect(server.commit('open:1', () => {}, { tenant: '../acme' })).rejects.toMatchObject({ code: 'bad-request' })
  })

  it('[C3] in a windowed collection a patch is a put in the log', async () => {
    const { world, server } = bench()
    await server.commit('open:1', (tx) => tx.recent.put('a', { text: 'x', stars: 1 }))
    const first = await world.range(alice, 'open:1', NEW)
    await server.commit('open:1', (tx) => tx.recent.patch('a', { stars: 2 }))
    expect((await world.range(alice, 'open:1', after(first))).changes).toEqual([
      { v: 2, c: 'recent', id: 'a', put: { text: 'x', stars: 2 }, b: 1 },
    ])
  })
})

describe('a key', () => {
  it('[K1] is done once: the same answer again, also of a refusal, and nothing is run', async () => {
    const { world, server } = bench()
    let runs = 0
    const order = () =>
      server.commit(
        'open:1',
        (tx) => {
          runs += 1
          return tx.notes.put('a', { text: `${runs}` })
        },
        { key: 'order-17' },
      )
    expect(await order()).toEqual({ in: { 'open:1': 1 } })
    expect(await order()).toEqual({ in: { 'open:1': 1 }, repeated: true })
    const no = () => {
      runs += 1
      return server.commit('open:1', (tx) => tx.reject('sold out'), { key: 'order-18' })
    }
    await expect(no()).rejects.toMatchObject({ code: 'rejected', message: 'sold out' })
    await expect(server.commit('open:1', (tx) => tx.notes.put('b', { text: 'x' }), { key: 'order-18' })).rejects.toMatchObject({
      message: 'sold out',
    })
    expect(runs).toBe(2)
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('[K1] many at once with one key are done once', async () => {
    const { world, server } = bench()
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, at) => server.commit('open:1', (tx) => tx.notes.put(`n${at}`, { text: 'x' }), { key: 'once' })),
    )
    expect(all.filter(({ repeated }) => repeated === undefined)).toHaveLength(1)
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('[K2] that stands for another commit is key-conflict, and what threw by accident or was stopped may be tried again', async () => {
    const { world, server } = bench()
    await expect(server.commit('open:1', () => raise(new Error('a bug')), { key: 'k' })).rejects.toThrow('a bug')
    const hanging = expect(server.commit('open:1', () => new Promise(() => {}), { key: 'k' })).rejects.toMatchObject({
      code: 'unavailable',
    })
    await world.clock.pass(MUTATOR_WITHIN_MS)
    await hanging
    expect(await server.commit('open:1', (tx) => tx.notes.put('a', { text: 'x' }), { key: 'k' })).toEqual({ in: { 'open:1': 1 } })
    await expect(server.commit('open:2', () => {}, { key: 'k' })).rejects.toMatchObject({ code: 'key-conflict', retryable: false })
    for (const key of ['', 'a b', '"a"', 'é', 'x'.repeat(129)])
      await expect(server.commit('open:2', () => {}, { key })).rejects.toMatchObject({ code: 'bad-request' })
  })
})

describe('server.commitMany', () => {
  it('is one write; each is all or none by itself, and they end in their order', async () => {
    const { world, server } = bench()
    const ended = await server.commitMany([
      { space: 'open:1', run: (tx) => tx.notes.put('a', { text: 'x' }), key: 'a' },
      { space: 'mixed:1', run: (tx) => tx.shared.put('b', { text: 'x' }) },
      { space: 'open:1', run: () => raise(new Error('a bug')) },
      { space: 'open:1', run: (tx) => tx.notes.put('c', { text: 'x' }) },
      { space: 'open:1', run: () => {}, key: 'a' },
    ])
    expect(ended).toMatchObject([
      { in: { 'open:1': 1 } },
      { in: { 'mixed:1': 1 } },
      { error: new Error('a bug') },
      { in: { 'open:1': 2 } },
      { in: { 'open:1': 1 }, repeated: true },
    ])
    expect((await world.head('open:1')).version).toBe(2)
    expect(await server.commitMany([])).toEqual([])
  })

  it('takes no more than a group, and what waits is bounded', async () => {
    const { server } = bench()
    const many = (count: number) =>
      server.commitMany(
        Array.from({ length: count }, (_, at) => ({ space: 'open:1' as const, run: (tx: any) => tx.notes.put(`n${at}`, { text: 'x' }) })),
      )
    await expect(many(COMMITS_AT_ONCE_MAX + 1)).rejects.toMatchObject({ code: 'too-large' })
    const waiting = Array.from({ length: QUEUE_COMMIT_MUTATIONS_MAX / COMMITS_AT_ONCE_MAX }, () => many(COMMITS_AT_ONCE_MAX))
    await expect(many(1)).rejects.toMatchObject({ code: 'unavailable', afterMs: expect.any(Number) })
    await Promise.all(waiting)
    expect(await many(1)).toHaveLength(1)
  })

  it('a commit that hangs leaves those before it, and those behind it are not begun', async () => {
    const { world, server } = bench()
    const many = server.commitMany([
      { space: 'open:1', run: (tx) => tx.notes.put('a', { text: 'x' }) },
      { space: 'open:1', run: () => new Promise(() => {}) },
      { space: 'open:1', run: (tx) => tx.notes.put('c', { text: 'x' }) },
    ])
    await settle()
    await world.clock.pass(MUTATOR_WITHIN_MS)
    expect(await many).toMatchObject([{ in: { 'open:1': 1 } }, { error: { code: 'unavailable' } }, { error: { code: 'unavailable' } }])
    expect((await world.head('open:1')).version).toBe(1)
  })
})

describe('types', () => {
  it('a field, collection, kind or space that the app does not have does not compile', () => {
    const { server } = bench()
    const never = () => [
      // @ts-expect-error there is no such kind
      server.commit('nowhere:1', () => {}),
      // @ts-expect-error there is no such collection
      server.commit('open:1', (tx) => tx.letters.get('a')),
      // @ts-expect-error a collection of another kind
      server.commit('open:1', (tx) => tx.mine.get('a')),
      // @ts-expect-error there is no such field
      server.commit('open:1', (tx) => tx.notes.patch('a', { colour: 'red' })),
      // @ts-expect-error text is missing
      server.commit('open:1', (tx) => tx.notes.put('a', {})),
      // @ts-expect-error another kind has other collections
      server.commit('open:1', (tx) => tx.space('mixed:1').notes.get('a')),
      // @ts-expect-error the same, among many
      server.commitMany([{ space: 'open:1', run: (tx) => tx.mine.get('a') }]),
      server.commitMany([
        { space: `open:${1}`, run: (tx) => tx.notes.get('a') },
        { space: 'mixed:1', run: (tx) => tx.mine.get('a') },
      ]),
    ]
    expect(never).toBeTypeOf('function')
  })
})

describe('a changelog that fails', () => {
  it('in the second space, or at the record of the key, makes it unavailable, with nothing written; the same key may try again', async () => {
    for (const method of ['commit', 'recordKeyed'] as const) {
      let isDown = true
      const memory = memoryChangelog()
      const changelog = faultyChangelog(memory, method, (space) => isDown && (method === 'recordKeyed' || space === 'open:2'))
      const { world, server } = bench(new BackendWorld({ changelog }))
      const put = () =>
        server.commit(
          'open:1',
          async (tx) => {
            await tx.notes.put('a', { text: 'x' })
            await tx.space('open:2').notes.put('a', { text: 'x' })
          },
          { key: 'k' },
        )
      await expect(put()).rejects.toMatchObject({ code: 'unavailable' })
      expect([(await world.head('open:1')).version, world.hints]).toEqual([0, []])
      isDown = false
      expect(await put()).toEqual({ in: { 'open:1': 1, 'open:2': 1 } })
    }
  })

  it('at a read makes it unavailable, whatever the function makes of it', async () => {
    const changelog = faultyChangelog(memoryChangelog(), 'document', (_space, _collection, id) => id === 'damaged')
    const { server } = bench(new BackendWorld({ changelog }))
    const careless = server.commit('open:1', async (tx) => {
      await tx.notes.get('damaged').catch(() => undefined)
      await tx.notes.put('after', { text: 'x' })
    })
    await expect(careless).rejects.toMatchObject({ code: 'unavailable' })
  })
})

function raise(error: unknown): never {
  throw error
}
