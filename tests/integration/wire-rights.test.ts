// Goal: who may see what, and how long: access that is given and taken while connections are open, tokens that end, and compacted runs
// (C2, C4), in which a wrong word would show a reader too much or too little. Method: the real server process with an app whose
// rights a mutator changes, spoken to by somebody who has read the protocol's page and nothing else.
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { connectBare } from '../harness/bare-client.ts'
import { WireCopy } from '../harness/wire-copy.ts'
import { fresh, http, newClientId, pull, pullAll, type WireError, type WirePeer } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const SECRET = 'a secret of at least 32 bytes, for tests'
const server = wireServer({ module: 'tests/harness/wire-backend.ts', secret: SECRET })
const { enter } = server
const newBox = () => `box:${fresh('b')}`
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const signed = (claims: object, { alg = 'HS256', key = SECRET, hash = 'sha256' } = {}) => {
  const head = `${base64url({ alg })}.${base64url(claims)}`
  return `${head}.${createHmac(hash, key).update(head).digest('base64url')}`
}
const inS = (seconds: number) => Math.floor(Date.now() / 1000) + seconds
/** Commits so many that the server reads documents instead of the log. */
const overwrite = async (peer: WirePeer, box: string, commits: number, documents: number) => {
  for (let i = 0; i < commits; i += 100) {
    const { error } = await peer.send(
      ...Array.from({ length: 100 }, (_, k) =>
        peer.outbox.next(box, 'put', { c: 'open', id: `d${(i + k) % documents}`, doc: { i: i + k } }),
      ),
    )
    expect(error).toBeUndefined()
  }
}
const sorted = (copy: WireCopy) => [...copy.docs].map(([key, { doc }]) => [key, doc]).sort()

describe('access', () => {
  it('to read and not to write: ranges flow, mutations are forbidden', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const admin = await enter(fresh('admin'))
    await admin.mutate(box, 'let', { user, space: box, level: 'read' })
    const reader = await enter(user, { follow: [box] })
    expect((await reader.mutate(box, 'put', { c: 'open', id: 'x', doc: {} })).error).toMatchObject({ code: 'forbidden', retryable: false })
    await admin.mutate(box, 'put', { c: 'open', id: 'y', doc: { seen: 1 } })
    expect([...(await reader.reaches(box, 1)).docs.keys()]).toEqual(['open/y'])
  })

  it('taken away ends the flow at once: denied, no range after it, no sum, no pull; given back it is followed again', async () => {
    const [user, box, other] = [fresh('u'), newBox(), newBox()]
    const admin = await enter(fresh('admin'))
    const reader = await enter(user, { follow: [box, other] })
    await admin.mutate(box, 'put', { c: 'open', id: 'x', doc: { n: 1 } })
    const copy = await reader.reaches(box, 1)
    await admin.mutate(box, 'let', { user, space: box, level: 'none' })
    const mark = reader.mark()
    await admin.mutate(box, 'put', { c: 'open', id: 'secret', doc: { secret: 1 } })
    const denied = await reader.after(mark, ({ t }) => t === 'denied')
    expect(denied).toMatchObject({ space: box, error: { code: 'forbidden' } })
    await admin.mutate(box, 'put', { c: 'open', id: 'secret2', doc: { secret: 2 } })
    const beat = await reader.beat()
    expect([beat.theirs, beat.mine]).toEqual([1, 1])
    expect(JSON.stringify(reader.socket.frames)).not.toContain('secret')
    expect((await pull(server.url, user, box, { since: 1, seal: copy.seal })).status).toBe(403)
    expect((await reader.ask({ t: 'follow', spaces: { [box]: [1, copy.seal] } }, 'denied')).error).toMatchObject({ code: 'forbidden' })
    await admin.mutate(box, 'let', { user, space: box, level: 'read' })
    await reader.follow(box)
    expect((await reader.reaches(box, 3)).docs.size).toBe(3)
  })

  it('[§6] one mutation in two spaces: a version in each, both in its ack, and each space’s readers see its origin', async () => {
    const [user, one, two] = [fresh('u'), newBox(), newBox()]
    const writer = await enter(user, { follow: [one] })
    const reader = await enter(fresh('u'), { follow: [two] })
    await writer.mutate(two, 'put', { c: 'open', id: 'before', doc: {} })
    const ack = await writer.mutate(one, 'both', { other: two, id: 'x' })
    expect(ack.in).toEqual({ [one]: 1, [two]: 2 })
    await writer.reaches(one, 1)
    await reader.reaches(two, 2)
    expect(writer.judged.at(-1)?.range.changes).toEqual([{ v: 1, c: 'open', id: 'x', put: { here: true }, o: ack.nonce }])
    expect(reader.judged.at(-1)?.range.changes).toMatchObject([{ v: 2, c: 'open', id: 'x', put: { there: true }, o: ack.nonce }])
    // Refused in the second space, it leaves nothing in the first.
    const refused = await writer.mutate(one, 'both', { other: 'cellar:1', id: 'y' })
    expect(refused.error?.code).toBe('not-found')
    expect((await pull(server.url, user, one)).body.head).toBe(1)
  })
})

describe('a token', () => {
  it('is good where this server signed it with HS256 and it has not ended; all others are told apart as §9 does', async () => {
    const tokens: [string, string, number, string?][] = [
      ['good', signed({ sub: 'zed', exp: inS(60) }), 200],
      ['ended', signed({ sub: 'zed', exp: inS(-60) }), 401, 'token-expired'],
      ['not yet', signed({ sub: 'zed', exp: inS(60), nbf: inS(50) }), 401, 'unauthenticated'],
      ['of another key', signed({ sub: 'zed', exp: inS(60) }, { key: 'x'.repeat(32) }), 401, 'unauthenticated'],
      ['ended, of another key', signed({ sub: 'zed', exp: inS(-60) }, { key: 'x'.repeat(32) }), 401, 'unauthenticated'],
      ['of another algorithm', signed({ sub: 'zed', exp: inS(60) }, { alg: 'HS512', hash: 'sha512' }), 401, 'unauthenticated'],
      ['that says none', `${base64url({ alg: 'none' })}.${base64url({ sub: 'zed', exp: inS(60) })}.`, 401, 'unauthenticated'],
      ['of nobody', signed({ exp: inS(60) }), 401, 'unauthenticated'],
      ['of an empty name', signed({ sub: '', exp: inS(60) }), 401, 'unauthenticated'],
      ['of a number', signed({ sub: 7, exp: inS(60) }), 401, 'unauthenticated'],
    ]
    const box = newBox()
    for (const [name, token, status, code] of tokens) {
      const answer = await http<{ error?: WireError }>(server.url, null, `/v1/spaces/${box}/changes?since=0`, {
        headers: { authorization: `Bearer ${token}` },
      })
      expect([name, answer.status, answer.body.error?.code]).toEqual([name, status, code])
    }
  })

  it('[B9] that ends while the connection is open is told ahead and at its end, each time with the time that is left; after a fresh one no more', async () => {
    const hello = (user: string) => ({
      t: 'hello',
      client: newClientId(),
      token: signed({ sub: user, exp: inS(2) }),
      spaces: {},
      nextS: 60,
      app: '1',
    })
    const [ends, stays] = await Promise.all([connectBare(server.url), connectBare(server.url)])
    ends.send(hello('ends'))
    stays.send(hello('stays'))
    await Promise.all([ends.expect(({ t }) => t === 'welcome'), stays.expect(({ t }) => t === 'welcome')])
    stays.send({ t: 'auth', token: signed({ sub: 'stays', exp: inS(60) }) })
    const errorsOf = ({ frames }: typeof ends) => frames.filter(({ t }) => t === 'error').map(({ error }) => error as WireError)
    await expect.poll(() => errorsOf(ends).length, { timeout: 20_000 }).toBe(2)
    const [ahead, atItsEnd] = errorsOf(ends)
    expect(ahead).toMatchObject({ code: 'token-expired', retryable: true })
    expect(ahead?.afterMs).toBeLessThanOrEqual(7000)
    // The grace, after which the connection ends with 4401.
    expect(atItsEnd).toMatchObject({ code: 'token-expired', retryable: true })
    expect(atItsEnd?.afterMs).toBeLessThanOrEqual(30_000)
    expect(atItsEnd?.afterMs).toBeGreaterThan(15_000)
    stays.send({ t: 'beat', nextS: 60 })
    await stays.expect(({ t }) => t === 'beat')
    expect(errorsOf(stays).length).toBeLessThan(2)
    for (const client of [ends, stays]) client.close()
  })
})

describe('a compacted run', () => {
  it('[C2] has each document once, in order of v, with the version that created it, and ends at the head', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const writer = await enter(user)
    await overwrite(writer, box, 1200, 40)
    await writer.mutate(box, 'delete', { c: 'open', id: 'd0' })
    const { copy, pages } = await pullAll(server.url, fresh('u'), box, 10)
    expect(pages.length).toBeGreaterThan(1)
    for (const page of pages) expect(page.compacted).toBe(true)
    const changes = pages.flatMap(({ changes }) => changes)
    expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length)
    expect(changes.map(({ v }) => v)).toEqual(changes.map(({ v }) => v).sort((a, b) => a - b))
    for (const page of pages.slice(0, -1)) expect(page.seal).toContain('~')
    expect(pages.at(-1)?.seal).not.toContain('~')
    expect(copy.docs.size).toBe(39)
    expect(copy.docs.get('open/d1')).toEqual({ doc: { i: 1161 }, v: 1162, b: 2 })
    // The seal at its end is that of the log: what comes next stands on it.
    const live = await enter(user, { follow: [box] })
    await live.reaches(box, 1201)
    expect(live.copies.get(box)?.seal.slice(0, 8)).toBe(copy.seal.slice(0, 8))
    expect((await live.beat()).theirs).toBe(live.sum())
  })

  it('[C2] takes in what is written and deleted while it goes on, and ends where every other copy is', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const writer = await enter(user)
    await overwrite(writer, box, 1200, 40)
    const copy = new WireCopy()
    for (let page = 0; ; page++) {
      const { body } = await pull(server.url, user, box, { since: copy.version, ...(copy.version ? { seal: copy.seal } : {}), limit: 7 })
      expect(['R1', 'R2']).toContain(copy.take(body))
      expect(body.reset).toBeUndefined()
      if (body.to === body.head) break
      if (page < 5) {
        await writer.mutate(box, 'put', { c: 'open', id: `d${page}`, doc: { late: page } })
        await writer.mutate(box, 'delete', { c: 'open', id: `d${page + 20}` })
        await writer.mutate(box, 'put', { c: 'open', id: `new${page}`, doc: { late: page } })
      }
    }
    const live = await enter(user, { follow: [box] })
    expect(sorted(copy)).toEqual(sorted(await live.reaches(box, copy.version)))
    expect(copy.docs.size).toBe(40)
  })

  it('[C2] interrupted, goes on compacted in a follow, and the live ranges after it stand on a whole seal', async () => {
    const [user, box] = [fresh('u'), newBox()]
    const writer = await enter(user)
    await overwrite(writer, box, 1200, 40)
    const { body } = await pull(server.url, user, box, { limit: 7 })
    expect(body.seal).toContain('~')
    const reader = await enter(user)
    const copy = new WireCopy()
    copy.take(body)
    reader.copies.set(box, copy)
    const mark = reader.mark()
    await reader.follow(box)
    const last = await reader.after(mark, ({ t, to, head }) => t === 'range' && to === head)
    expect(last.compacted).toBe(true)
    await writer.mutate(box, 'put', { c: 'open', id: 'after', doc: {} })
    await reader.reaches(box, 1201)
    expect(reader.judged.map(({ rule }) => rule)).toEqual(reader.judged.map(() => 'R2'))
    expect(reader.judged.at(-1)?.range).toMatchObject({ from: 1200, to: 1201 })
    expect(reader.judged.at(-1)?.range.on).not.toContain('~')
    expect(sorted(copy)).toEqual(sorted((await pullAll(server.url, user, box)).copy))
  })

  it('[N1] of another reader, or a made up one, is refuted by a reset', async () => {
    const [user, box] = [fresh('u'), newBox()]
    await overwrite(await enter(user), box, 1200, 40)
    const { body } = await pull(server.url, user, box, { limit: 7 })
    const [digits, run] = [body.seal.slice(0, 8), body.seal.slice(body.seal.indexOf('~'))]
    for (const seal of [
      `${digits}~`,
      `${digits}~0.1.1`,
      `${digits}~x`,
      `00000000${body.seal.slice(8)}`,
      `${digits}-ffffffff${run}`,
      `${body.seal}.9`,
      `${digits}~0.99999999.99999999`,
    ]) {
      const answer = await pull(server.url, user, box, { since: body.to, seal })
      expect([seal, answer.status, answer.body.reset !== undefined, answer.body.from]).toEqual([seal, 200, true, 0])
    }
    const other = await pull(server.url, fresh('u'), box, { since: body.to, seal: body.seal })
    expect([undefined, 'rights']).toContain(other.body.reset)
    const after = new WireCopy()
    if (other.body.reset === undefined) after.version = body.to
    after.seal = body.seal
    expect(['R1', 'R2']).toContain(after.take(other.body))
  })

  it('[C4] shows a reader of a filtered collection only their own, though the writers are many', async () => {
    const [one, two, box] = [fresh('u'), fresh('u'), newBox()]
    const [mine, theirs] = [await enter(one), await enter(two)]
    for (let i = 0; i < 7; i++) {
      for (const peer of [mine, theirs])
        await peer.send(
          ...Array.from({ length: 100 }, (_, k) =>
            peer.outbox.next(box, 'put', { c: 'own', id: `${peer.user}-${k % 9}`, doc: { of: peer.user, i, k } }),
          ),
        )
    }
    await mine.mutate(box, 'delete', { c: 'own', id: `${one}-0` })
    for (const limit of [undefined, 3]) {
      const { copy } = await pullAll(server.url, one, box, limit)
      expect(copy.docs.size).toBe(8)
      for (const { doc } of copy.docs.values()) expect(doc.of).toBe(one)
    }
    const { body } = await pull(server.url, one, box, { limit: 3 })
    const behind = await pull(server.url, one, box, { since: body.to, seal: body.seal })
    expect(JSON.stringify(behind.body)).not.toContain(two)
  })
})
