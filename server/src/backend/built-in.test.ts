// Goal: put, patch and delete do what the presets of a collection allow, and tell nobody what they cannot see.
import { collection, defineApp, type JsonObject, space } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { app, BackendWorld, everybody, NEW, user } from '../../test/backend-world.ts'

const alice = user('alice')
const bob = user('bob')

describe('built-in mutators under presets', () => {
  it('let only the creator change what is written by creators', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'signed', 'm', { text: 'mine', by: 'alice' })
    const forbidden = [
      await world.put(bob, 'open:1', 'signed', 'm', { text: 'mine now', by: 'bob' }),
      await world.put(bob, 'open:1', 'signed', 'm', { text: 'mine now', by: 'alice' }),
      await world.mutate(bob, 'open:1', 'patch', { c: 'signed', id: 'm', set: { text: 'x' } }),
      await world.delete(bob, 'open:1', 'signed', 'm'),
    ]
    expect(forbidden.map(({ error }) => error?.code)).toEqual(['forbidden', 'forbidden', 'forbidden', 'forbidden'])
    expect((await world.mutate(alice, 'open:1', 'patch', { c: 'signed', id: 'm', set: { text: 'still mine' } })).in).toEqual({
      'open:1': 2,
    })
    expect((await world.delete(alice, 'open:1', 'signed', 'm')).in).toEqual({ 'open:1': 3 })
  })

  it('set the creator field to oneself only, and never change it', async () => {
    const world = new BackendWorld()
    expect((await world.put(bob, 'open:1', 'signed', 'm', { text: 'x', by: 'alice' })).error?.code).toBe('forbidden')
    expect((await world.put(bob, 'open:1', 'signed', 'm', { text: 'x' })).error?.code).toBe('forbidden')
    await world.put(bob, 'open:1', 'signed', 'm', { text: 'x', by: 'bob' })
    expect((await world.put(bob, 'open:1', 'signed', 'm', { text: 'x', by: 'alice' })).error?.code).toBe('forbidden')
    const changes: JsonObject[] = [{ set: { by: 'alice' } }, { unset: ['by'] }]
    for (const change of changes)
      expect((await world.mutate(bob, 'open:1', 'patch', { c: 'signed', id: 'm', ...change })).error?.code).toBe('forbidden')
    expect((await world.head('open:1')).version).toBe(1)
  })

  it('let an admin change what others created and the admin sees, but not in whose name it stands, nor what mutators alone write', async () => {
    const world = new BackendWorld({ access: { ...everybody(app), open: () => 'admin', mixed: () => 'admin' } })
    await world.put(alice, 'open:1', 'signed', 'm', { text: 'mine', by: 'alice' })
    await world.put(alice, 'mixed:1', 'mine', 's', { text: 'secret' })
    const patch = (c: string, set: JsonObject) => world.mutate(bob, 'open:1', 'patch', { c, id: 'm', set })
    expect((await patch('signed', { text: 'edited' })).error).toBeUndefined()
    expect((await patch('signed', { by: 'bob' })).error?.code).toBe('forbidden')
    expect((await world.put(bob, 'open:1', 'signed', 'm', { text: 'again', by: 'alice' })).error).toBeUndefined()
    expect((await world.put(bob, 'open:1', 'locked', 'x', { text: 'x' })).error?.code).toBe('forbidden')
    expect((await world.mutate(bob, 'mixed:1', 'patch', { c: 'mine', id: 's', set: { text: 'x' } })).error?.code).toBe('rejected')
    expect((await world.delete(bob, 'open:1', 'signed', 'm')).in).toEqual({ 'open:1': 4 })
  })

  it('write nothing where only mutators write', async () => {
    const world = new BackendWorld()
    expect((await world.put(alice, 'open:1', 'locked', 'x', { text: 'x' })).error?.code).toBe('forbidden')
    expect((await world.delete(alice, 'open:1', 'locked', 'x')).error?.code).toBe('forbidden')
  })

  it('answer for what one cannot see as if it were not there, but for an id that is taken', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'mixed:1', 'mine', 'x', { text: 'secret' })
    const patch = (id: string) => world.mutate(bob, 'mixed:1', 'patch', { c: 'mine', id, set: { text: 'y' } })
    const [there, nowhere] = [await patch('x'), await patch('none')]
    expect(there.error).toMatchObject({ code: 'rejected' })
    expect(there.error).toEqual(nowhere.error)
    expect((await world.delete(bob, 'mixed:1', 'mine', 'x')).in).toEqual({})
    expect((await world.delete(bob, 'mixed:1', 'mine', 'none')).in).toEqual({})
    const taken = await world.put(bob, 'mixed:1', 'mine', 'x', { text: 'y' })
    expect(taken.error).toMatchObject({ code: 'rejected' })
    expect(JSON.stringify(taken)).not.toContain('alice')
    expect((await world.put(bob, 'mixed:1', 'mine', 'x', { text: 5 })).error?.code).toBe('invalid')
    expect((await world.put(bob, 'hidden:1', 'kept', 'k', { text: 'y' })).in).toEqual({ 'hidden:1': 1 })
    expect((await world.put(alice, 'hidden:1', 'kept', 'k', { text: 'y' })).error?.code).toBe('rejected')
    expect((await world.head('mixed:1')).version).toBe(1)
  })

  it('patch: set, inc, append, remove and unset, through the schema', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'notes', 'x', { text: 'one', stars: 1 })
    await world.mutate(bob, 'open:1', 'patch', { c: 'notes', id: 'x', set: { text: 'two' }, inc: { stars: 2 } })
    await world.mutate(bob, 'open:1', 'patch', { c: 'notes', id: 'x', unset: ['stars'] })
    expect((await world.mutate(bob, 'open:1', 'patch', { c: 'notes', id: 'x', unset: ['text'] })).error?.code).toBe('invalid')
    expect((await world.mutate(bob, 'open:1', 'patch', { c: 'notes', id: 'x', inc: { text: 1 } })).error?.code).toBe('invalid')
    expect((await world.mutate(bob, 'open:1', 'patch', { c: 'notes', id: 'none', set: { text: 'x' } })).error?.code).toBe('rejected')
    const { changes } = await world.range(alice, 'open:1', NEW)
    expect(changes.slice(1)).toMatchObject([{ set: { text: 'two', stars: 3 } }, { set: {}, unset: ['stars'] }])
  })

  it('[C3] never write a `set` into a windowed collection', async () => {
    const world = new BackendWorld()
    await world.put(alice, 'open:1', 'recent', 'x', { text: 'one' })
    await world.mutate(alice, 'open:1', 'patch', { c: 'recent', id: 'x', set: { text: 'two' } })
    const { changes } = await world.range(alice, 'open:1', NEW)
    expect(changes[1]).toMatchObject({ v: 2, c: 'recent', id: 'x', put: { text: 'two' }, b: 1 })
  })

  it('take a document of 256 KiB and 64 levels, and no more', async () => {
    const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }
    const loose = defineApp({ version: '1', spaces: { open: space({ collections: { notes: collection(anything as any) } }) } })
    const world = new BackendWorld({ app: loose as any })
    const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
    expect((await world.put(alice, 'open:1', 'notes', 'deep', nested(64))).in).toBeDefined()
    expect((await world.put(alice, 'open:1', 'notes', 'deeper', nested(65))).error?.code).toBe('invalid')
    const sized = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) })
    expect((await world.put(alice, 'open:1', 'notes', 'big', sized(262_144))).in).toBeDefined()
    expect((await world.put(alice, 'open:1', 'notes', 'bigger', sized(262_145))).error?.code).toBe('too-large')
    expect((await world.mutate(alice, 'open:1', 'patch', { c: 'notes', id: 'deep', set: { b: nested(63) } })).in).toBeDefined()
  })
})
