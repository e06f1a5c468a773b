// Goal: ranges say what the protocol's page says of them (§1 to §4): seals, pages, resets, holes, origins. Method: the real server
// process, with an app whose commits are wide and whose readers see different things; pulls and live ranges.
import { describe, expect, it } from 'vitest'
import type { WireRange } from '../harness/wire-copy.ts'
import { fresh, http, pull, pullAll, tokenOf, type WireError } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const server = wireServer({ module: 'tests/harness/wire-backend.ts' })
const { enter } = server
const newBox = () => `box:${fresh('b')}`

describe('seals', () => {
  it('version 0 has the seal 00000000, in a space that nobody has written to', async () => {
    const { status, body } = await pull(server.url, fresh('u'), newBox())
    expect(status).toBe(200)
    expect(body).toMatchObject({ from: 0, on: '00000000', to: 0, seal: '00000000', head: 0, changes: [] })
  })

  it('are chained: each range stands on the seal that the one before led to, and they all differ', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user, { follow: [box] })
    for (let i = 0; i < 10; i++) await peer.mutate(box, 'put', { c: 'open', id: 'same', doc: { i } })
    await peer.reaches(box, 10)
    const { pages } = await pullAll(server.url, user, box, 1)
    expect(pages.map(({ from, to }) => [from, to])).toEqual(Array.from({ length: 10 }, (_, i) => [i, i + 1]))
    for (const [i, page] of pages.entries()) expect(page.on).toBe(pages[i - 1]?.seal ?? '00000000')
    const seals = pages.map(({ seal }) => seal)
    expect(new Set(seals).size).toBe(10)
    for (const seal of seals) expect(seal).toMatch(/^[0-9a-f]{8}(-[\x21-\x7e]+)?$/)
    for (const seal of seals) expect(seal.length).toBeLessThanOrEqual(96)
    // What was pushed and what is pulled mean one history.
    expect(peer.copies.get(box)?.seal).toBe(seals.at(-1))
  })

  it('differ between two spaces with the same commits only in nothing that a client may read into them', async () => {
    const user = fresh('u')
    const peer = await enter(user)
    const [a, b] = [newBox(), newBox()]
    for (const box of [a, b]) await peer.mutate(box, 'put', { c: 'open', id: 'x', doc: { n: 1 } })
    const [one, two] = [await pull(server.url, user, a), await pull(server.url, user, b)]
    // Each is good in its own space.
    for (const [box, { body }] of [
      [a, one],
      [b, two],
    ] as const)
      expect((await pull(server.url, user, box, { since: 1, seal: body.seal })).body).toMatchObject({ from: 1, to: 1, changes: [] })
  })

  it('of one reader are refuted with a reset when another reader, who sees something else, states them', async () => {
    const [one, two, box] = [fresh('u'), fresh('u'), newBox()]
    await (await enter(one)).mutate(box, 'put', { c: 'own', id: 'x', doc: { secret: 1 } })
    const { body: mine } = await pull(server.url, one, box)
    expect(mine.changes).toHaveLength(1)
    const { body: theirs } = await pull(server.url, two, box, { since: 1, seal: mine.seal })
    expect(theirs).toMatchObject({ reset: 'rights', from: 0, on: mine.seal, to: 1, changes: [] })
    // Two readers' digits are the same: they depend on the commits alone.
    expect(theirs.seal.slice(0, 8)).toBe(mine.seal.slice(0, 8))
  })
})

describe('a pull', () => {
  it('from my number brings what I lack, standing on my seal; at the head it is empty', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    for (const id of ['a', 'b', 'c']) await peer.mutate(box, 'put', { c: 'open', id, doc: { id } })
    const { pages } = await pullAll(server.url, user, box, 1)
    const { body, headers } = await pull(server.url, user, box, { since: 1, seal: pages[0]?.seal ?? '' })
    expect(body).toMatchObject({ space: box, from: 1, on: pages[0]?.seal, to: 3, head: 3, seal: pages[2]?.seal })
    expect(body.changes.map(({ id }) => id)).toEqual(['b', 'c'])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    const level = await pull(server.url, user, box, { since: 3, seal: body.seal })
    expect(level.body).toMatchObject({ from: 3, on: body.seal, to: 3, seal: body.seal, head: 3, changes: [] })
    expect(level.body.reset).toBeUndefined()
  })

  it('from another number than 0 without a seal is a bad-request', async () => {
    const box = newBox()
    for (const query of [{ since: 1 }, { since: 1, seal: '' }]) {
      const { status, body } = await pull<{ error: WireError }>(server.url, fresh('u'), box, query)
      expect({ status, body }).toMatchObject({
        status: 400,
        body: { error: { code: 'bad-request', message: expect.stringContaining('seal') } },
      })
    }
  })

  it.each([
    'since=-1',
    'since=1.5',
    'since=x',
    'since=1e3',
    'since=',
    'since=0&limit=0',
    'since=0&limit=-1',
    'since=0&limit=x',
    'since=0&window=some',
    'since=0&client=me',
  ])('with %s is a bad-request', async (query) => {
    const { status, body } = await http<{ error: WireError }>(server.url, fresh('u'), `/v1/spaces/${newBox()}/changes?${query}`)
    expect({ status, body }).toMatchObject({ status: 400, body: { error: { code: 'bad-request' } } })
  })

  it('[N1] with a version that is not yet, or a seal that is not mine, is a reset for history on what I stated, from 0', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    for (const id of ['a', 'b']) await peer.mutate(box, 'put', { c: 'open', id, doc: {} })
    const { pages } = await pullAll(server.url, user, box, 1)
    const right = pages[0]?.seal ?? ''
    for (const [since, seal] of [
      [3, 'abcdef01'],
      [9_007_199_254_740_991, right],
      [1, 'abcdef01'],
      [2, right],
      [1, right.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
      [1, 'x'],
      [1, `${right}${right.slice(8)}~1`],
    ] as const) {
      const { body } = await pull(server.url, user, box, { since, seal })
      expect(body, `${since} ${seal}`).toMatchObject({ reset: 'history', from: 0, on: seal, to: 2, seal: pages[1]?.seal })
      expect(body.changes).toHaveLength(2)
    }
  })

  it('[N1] a reset of a space that the server has never heard of leads to version 0', async () => {
    const { body } = await pull(server.url, fresh('u'), newBox(), { since: 7, seal: 'abcdef01' })
    expect(body).toMatchObject({ reset: 'history', from: 0, on: 'abcdef01', to: 0, seal: '00000000', head: 0, changes: [] })
  })

  it('ends a page at limit, never inside a commit, and always covers one', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    for (const count of [3, 1, 4]) await peer.mutate(box, 'many', { count, stem: fresh('d') })
    for (const limit of [1, 2, 3, 4, 5, 8, 10_000]) {
      const { pages, copy } = await pullAll(server.url, user, box, limit)
      expect(copy.docs.size).toBe(8)
      for (const { changes, from, to } of pages) {
        expect(to).toBeGreaterThan(from)
        if (changes.length > limit) expect(to).toBe(from + 1)
      }
      if (limit === 1) expect(pages.map(({ changes }) => changes.length)).toEqual([3, 1, 4])
      if (limit === 4) expect(pages.map(({ changes }) => changes.length)).toEqual([4, 4])
      if (limit >= 8) expect(pages).toHaveLength(1)
    }
  })

  it('[§4] has at most 1,000 changes unless told, and at most 1 MiB, or one commit', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user)
    for (let i = 0; i < 3; i++) await peer.mutate(box, 'many', { count: 600, stem: `d${i}-` })
    for (let i = 0; i < 6; i++) await peer.mutate(box, 'put', { c: 'open', id: `big${i}`, doc: { x: 'y'.repeat(250_000) } })
    const { pages, copy } = await pullAll(server.url, user, box)
    expect(copy.docs.size).toBe(1806)
    for (const page of pages) {
      expect(page.changes.length).toBeLessThanOrEqual(1000)
      expect(JSON.stringify(page.changes).length).toBeLessThanOrEqual(1_048_576)
    }
  })

  it('of what is denied is forbidden, of a kind that nobody knows not-found, and neither says more', async () => {
    const user = fresh('u')
    for (const box of ['box:no-entry', 'box:no-other']) {
      const { status, body } = await pull<{ error: WireError }>(server.url, user, box)
      expect({ status, body }).toMatchObject({ status: 403, body: { error: { code: 'forbidden', retryable: false } } })
      expect(body.error.message).not.toContain(box)
    }
    const { status, body } = await pull<{ error: WireError }>(server.url, user, 'cellar:1')
    expect({ status, body }).toMatchObject({
      status: 404,
      body: { error: { code: 'not-found', message: expect.stringContaining('cellar') } },
    })
    for (const bad of ['BOX:1', 'box:', 'box:a b', 'box:__proto__', 'constructor', `box:${'x'.repeat(129)}`, 'box:é'])
      expect([bad, (await pull(server.url, user, bad)).status]).toEqual([bad, 400])
  })

  it('is given compressed to whoever asks for it', async () => {
    const [user, box] = [fresh('u'), newBox()]
    await (await enter(user)).mutate(box, 'many', { count: 500, stem: 'd' })
    const answer = await fetch(`${server.url}/v1/spaces/${box}/changes?since=0`, {
      headers: { authorization: `Bearer ${await tokenOf(server.url, user)}`, 'accept-encoding': 'gzip' },
    })
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(((await answer.json()) as WireRange).changes).toHaveLength(500)
  })
})

describe('changes', () => {
  it('[C1] of one commit stand together; the first one bears the origin, and only it; b stands in puts over an older document', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user, { follow: [box] })
    const made = await peer.mutate(box, 'many', { count: 3, stem: 'd' })
    const replaced = await peer.mutate(box, 'put', { c: 'open', id: 'd1', doc: { now: 'other' } })
    const patched = await peer.mutate(box, 'patch', { c: 'open', id: 'd2', set: { more: true }, unset: ['i'] })
    const deleted = await peer.mutate(box, 'delete', { c: 'open', id: 'd1' })
    const again = await peer.mutate(box, 'put', { c: 'open', id: 'd1', doc: { i: 9 } })
    await peer.reaches(box, 5)
    const expected = [
      { v: 1, c: 'open', id: 'd0', put: { i: 0 }, o: made.nonce },
      { v: 1, c: 'open', id: 'd1', put: { i: 1 } },
      { v: 1, c: 'open', id: 'd2', put: { i: 2 } },
      { v: 2, c: 'open', id: 'd1', put: { now: 'other' }, b: 1, o: replaced.nonce },
      { v: 3, c: 'open', id: 'd2', set: { more: true }, unset: ['i'], o: patched.nonce },
      { v: 4, c: 'open', id: 'd1', del: true, o: deleted.nonce },
      { v: 5, c: 'open', id: 'd1', put: { i: 9 }, o: again.nonce },
    ]
    expect((await pull(server.url, user, box)).body.changes).toEqual(expected)
    expect(peer.judged.flatMap(({ range }) => range.changes)).toEqual(expected)
  })

  it('[R5] that a reader may not see are holes which the range covers, live and pulled, and the sums agree', async () => {
    const [one, two, box] = [fresh('u'), fresh('u'), newBox()]
    const writer = await enter(one, { follow: [box] })
    const reader = await enter(two, { follow: [box] })
    await writer.mutate(box, 'put', { c: 'own', id: 'mine', doc: { secret: 'a' } })
    await writer.mutate(box, 'hide', { id: 'x' })
    await writer.mutate(box, 'put', { c: 'open', id: 'o', doc: { seen: true } })
    await writer.mutate(box, 'patch', { c: 'own', id: 'mine', set: { secret: 'b' } })
    await writer.mutate(box, 'delete', { c: 'own', id: 'mine' })
    expect([...(await writer.reaches(box, 5)).docs.keys()]).toEqual(['open/o'])
    for (const peer of [writer, reader]) {
      const beat = await peer.beat()
      expect(beat.mine).toBe(beat.theirs)
    }
    expect(reader.copies.get(box)?.version).toBe(5)
    expect(reader.judged.flatMap(({ range }) => range.changes).map(({ c }) => c)).toEqual(['open'])
    const { pages } = await pullAll(server.url, two, box, 1)
    expect(pages.flatMap(({ changes }) => changes).map(({ v, c }) => [v, c])).toEqual([[3, 'open']])
    expect(pages.at(-1)).toMatchObject({ to: 5, head: 5 })
    expect(JSON.stringify(reader.socket.frames)).not.toContain('secret')
    const own = await pullAll(server.url, one, box)
    expect(own.pages.flatMap(({ changes }) => changes).map(({ v, c }) => [v, c])).toEqual([
      [1, 'own'],
      [3, 'open'],
      [4, 'own'],
      [5, 'own'],
    ])
  })

  it('[C3] in a windowed collection are puts and dels, never sets', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const peer = await enter(user, { follow: [box] })
    await peer.mutate(box, 'put', { c: 'recent', id: 'r', doc: { a: 1 } })
    await peer.mutate(box, 'patch', { c: 'recent', id: 'r', set: { b: 2 } })
    await peer.reaches(box, 2)
    expect((await pull(server.url, user, box)).body.changes[1]).toMatchObject({ v: 2, put: { a: 1, b: 2 }, b: 1 })
    expect(peer.judged.at(-1)?.range.changes[0]).toMatchObject({ v: 2, put: { a: 1, b: 2 }, b: 1 })
  })
})
