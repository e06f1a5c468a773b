// Goal: the built-in mutators and the bounds of documents and commits (§2, §6). Method: the real server process with an app whose
// documents have any shape, spoken to by somebody who has read the protocol's page and nothing else.
import { describe, expect, it } from 'vitest'
import { fresh, pull, pullAll, type WirePeer } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer({ module: 'tests/harness/wire-backend.ts' })
const { enter } = server
const newBox = () => `box:${fresh('b')}`
const codeOf = async (peer: WirePeer, space: string, name: string, args: unknown) =>
  (await peer.mutate(space, name, args)).error?.code ?? 'done'

describe('the built-in mutators', () => {
  it('patch sets, unsets, adds, appends and removes, and what it does to the document is what readers get', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user, { follow: [box] })
    const patch = (args: object) => codeOf(peer, box, 'patch', { c: 'open', id: 'p', ...args })
    await peer.mutate(box, 'put', { c: 'open', id: 'p', doc: { a: 1, list: ['x', 'y'], n: 5, s: 's' } })
    const steps: [object, object][] = [
      [{ set: { a: { deep: [1, null] } } }, { a: { deep: [1, null] }, list: ['x', 'y'], n: 5, s: 's' }],
      [{ unset: ['s'] }, { a: { deep: [1, null] }, list: ['x', 'y'], n: 5 }],
      [{ inc: { n: -7.5 } }, { a: { deep: [1, null] }, list: ['x', 'y'], n: -2.5 }],
      [{ append: { list: ['z', 'x'] } }, { a: { deep: [1, null] }, list: ['x', 'y', 'z', 'x'], n: -2.5 }],
      [{ remove: { list: ['x'] } }, { a: { deep: [1, null] }, list: ['y', 'z'], n: -2.5 }],
      [
        { set: { a: 0 }, inc: { n: 2.5 }, append: { list: [1] } },
        { a: 0, list: ['y', 'z', 1], n: 0 },
      ],
    ]
    for (const [args, doc] of steps) {
      expect(await patch(args)).toBe('done')
      const { copy } = await pullAll(server.url, user, box)
      expect(copy.docs.get('open/p')?.doc).toEqual(doc)
    }
    const live = await peer.reaches(box, 1 + steps.length)
    expect(live.docs.get('open/p')?.doc).toEqual(steps.at(-1)?.[1])
  })

  it('refuse what does not fit the document as invalid, and change nothing', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    await peer.mutate(box, 'put', { c: 'open', id: 'p', doc: { list: ['x'], n: 1.7e308 } })
    for (const args of [
      { inc: { list: 1 } },
      { inc: { n: 'x' } },
      { inc: { n: 1.7e308 } },
      { append: { n: [1] } },
      { append: { list: 'x' } },
      { remove: { n: [1] } },
      { unset: 'n' },
      { set: 'x' },
      { set: { $v: 1 } },
      { set: { constructor: 1 } },
      { set: JSON.parse('{"__proto__":{"x":1}}') },
      { set: { deep: JSON.parse('{"a":[{"__proto__":1}]}') } },
    ])
      expect([args, await codeOf(peer, box, 'patch', { c: 'open', id: 'p', ...args })]).toEqual([args, 'invalid'])
    const { copy } = await pullAll(server.url, user, box)
    expect(copy.version).toBe(1)
    expect(copy.docs.get('open/p')?.doc).toEqual({ list: ['x'], n: 1.7e308 })
  })

  it('obey the preset of the collection, and access before it', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    for (const c of ['shut', 'frozen']) expect(await codeOf(peer, box, 'put', { c, id: 'x', doc: {} })).toBe('forbidden')
    expect(await codeOf(peer, 'box:ro-1', 'put', { c: 'open', id: 'x', doc: {} })).toBe('forbidden')
    expect(await codeOf(peer, 'box:ro-1', 'many', { count: 1, stem: 'd' })).toBe('forbidden')
    expect((await pull(server.url, user, 'box:ro-1')).body.head).toBe(0)
  })

  it('[§2] documents have at most 256 KiB and 64 levels, and no field of the replica’s own', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)
    const put = (doc: unknown) => codeOf(peer, box, 'put', { c: 'open', id: fresh('d'), doc })
    expect(await put({ x: 'y'.repeat(262_144 - 8) })).toBe('done')
    expect(await put({ x: 'y'.repeat(262_144 - 7) })).toBe('too-large')
    expect(await put({ x: '水'.repeat(100_000) })).toBe('too-large')
    expect(await put(nested(64))).toBe('done')
    expect(['invalid', 'too-large']).toContain(await put(nested(65)))
    expect(await put({ $v: 1 })).toBe('invalid')
    expect(await put({ deep: { $v: 1 } })).toBe('done')
    expect((await pullAll(server.url, user, box)).copy.docs.size).toBe(3)
  })

  it('[§2] a commit has at most 1,000 changes and 1 MiB: a larger one is too-large and leaves nothing', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    expect(await codeOf(peer, box, 'many', { count: 1000, stem: 'a' })).toBe('done')
    expect(await codeOf(peer, box, 'many', { count: 1001, stem: 'b' })).toBe('too-large')
    expect((await pullAll(server.url, user, box)).copy).toMatchObject({ version: 1 })
  })

  it('a mutator that throws stops its batch with internal, says nothing of why, leaves nothing, and can be tried again', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    const { outbox } = peer
    const [good, bad] = [outbox.next(box, 'many', { count: 1, stem: 'd' }), outbox.next(box, 'breaks', { id: 'half' })]
    const { acks, error } = await peer.sendBatch({ client: outbox.client, on: '', mutations: [good, bad] })
    expect(acks).toEqual([{ n: 1, nonce: good.nonce, in: { [box]: 1 } }])
    expect(error).toMatchObject({ code: 'internal', n: 2, retryable: true })
    expect(JSON.stringify(peer.socket.frames)).not.toContain('secret')
    expect([...(await pullAll(server.url, user, box)).copy.docs.keys()]).toEqual(['open/d0'])
    const mended = { ...bad, name: 'nothing', args: {} }
    expect((await peer.sendBatch({ client: outbox.client, on: good.nonce, mutations: [mended] })).acks[0]).toMatchObject({ n: 2, in: {} })
  })
})

describe('a list where the page says object', () => {
  it('[§2] as a document is invalid, not stored as an object of its items', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    const ack = await peer.mutate(box, 'put', { c: 'open', id: 'list', doc: [1, 2] })
    expect(ack.error?.code).toBe('invalid')
    expect((await pullAll(server.url, user, box)).copy.docs.size).toBe(0)
  })

  it.each(['set', 'inc', 'append', 'remove'])('[§6] as %s of a patch is invalid', async (field) => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    await peer.mutate(box, 'put', { c: 'open', id: 'p', doc: {} })
    for (const value of [[], [['x']]]) {
      expect((await peer.mutate(box, 'patch', { c: 'open', id: 'p', [field]: value })).error?.code).toBe('invalid')
    }
  })
})

describe('names of what every object has', () => {
  it('as fields can be counted and appended to where the document lacks them', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    const doc = { toString: 1, valueOf: [2], hasOwnProperty: { x: 3 }, isPrototypeOf: null }
    await peer.mutate(box, 'put', { c: 'open', id: 'p', doc })
    const patch = { inc: { toString: 1, propertyIsEnumerable: 2 }, append: { valueOf: [3], toLocaleString: [1] } }
    expect(await codeOf(peer, box, 'patch', { c: 'open', id: 'p', ...patch })).toBe('done')
    const after = { ...doc, toString: 2, valueOf: [2, 3], propertyIsEnumerable: 2, toLocaleString: [1] }
    expect((await pullAll(server.url, user, box)).copy.docs.get('open/p')?.doc).toEqual(after)
  })

  it('[§9] as mutator or collection are not-found like any other unknown one', async () => {
    const box = newBox()
    const peer = await enter(fresh('u'))
    for (const name of ['toString', 'valueOf', 'hasOwnProperty', 'constructor', '__proto__', 'isPrototypeOf']) {
      expect([name, ['not-found', 'invalid'].includes(String((await peer.mutate(box, name, {})).error?.code))]).toEqual([name, true])
      for (const builtIn of ['put', 'patch', 'delete'])
        expect([
          name,
          builtIn,
          ['not-found', 'invalid'].includes(String((await peer.mutate(box, builtIn, { c: name, id: 'x', doc: {} })).error?.code)),
        ]).toEqual([name, builtIn, true])
    }
  })
})
