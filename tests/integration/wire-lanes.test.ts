// Goal: lanes keep what the protocol's page says (§7), and so does whoever comes without a name (§4). Method: the real server process, spoken
// to by somebody who has read that page and nothing else, over bare WebSockets and fetch; each test has shows and users of its own.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectBare, type Frame } from '../harness/bare-client.ts'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { connectPeer, fresh, http, newClientId, tokenOf, type WireError, type WirePeer } from '../harness/wire-peer.ts'
import { wireServer } from '../harness/wire-server.ts'

const MODULE = 'tests/harness/wire-backend.ts'
const server = wireServer({ module: MODULE, env: { TIDEMARK_ANONYMOUS: 'true' } })
const { enter } = server
const newShow = () => `show:${fresh('s')}`

interface Item {
  readonly id: string
  readonly by: string
  readonly atMs: number
  readonly body: unknown
  readonly count?: number
}
interface Tick {
  readonly tick: number
  readonly items: readonly Item[]
  readonly cut: number
}
interface Ring {
  readonly tickMs: number
  readonly cap: number
  readonly ticks: readonly Tick[]
}

let says = 0
/** Says something and waits for its `said`. */
async function say(peer: WirePeer, space: string, lane: string, body: unknown, id?: string): Promise<{ id?: string; error?: WireError }> {
  const n = ++says
  const mark = peer.mark()
  peer.socket.send({ t: 'say', space, lane, n, body, ...(id === undefined ? {} : { id }) })
  return (await peer.after(mark, (frame) => frame.t === 'said' && frame.n === n)) as { id?: string; error?: WireError }
}
const watch = (user: string, space: string, lanes: Record<string, number>) =>
  enter(user, { follow: [space], hello: { lanes: { [space]: lanes } } })
const ticksOf = (peer: WirePeer, lane: string) => peer.socket.frames.filter((frame) => frame.t === 'tick' && frame.lane === lane) as Frame[]
const itemsOf = (peer: WirePeer, lane: string) => ticksOf(peer, lane).flatMap(({ items }) => items as Item[])
/** Waits until this item has come. */
const comes = (peer: WirePeer, id: string) =>
  peer.socket.expect(({ t, items }) => t === 'tick' && (items as Item[]).some((item) => item.id === id))
const path = (space: string, lane: string) => `/v1/spaces/${space}/lanes/${lane}`
/** Asks for the ring until it has so many ticks. */
async function ringWith(user: string | null, space: string, lane: string, ticks: number): Promise<Ring> {
  for (;;) {
    const { status, body } = await http<Ring>(server.url, user, path(space, lane))
    expect(status).toBe(200)
    if (body.ticks.length >= ticks) return body
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('what is said', () => {
  it('[L1] is answered by said with its id, and comes once to everybody who follows the lane, its speaker too', async () => {
    const [show, user] = [newShow(), fresh('u')]
    const [speaker, viewer] = [await watch(user, show, { danmu: 0 }), await watch(fresh('u'), show, { danmu: 0 })]
    const before = Date.now()
    expect(await say(speaker, show, 'danmu', { text: 'hello' }, 'mine')).toMatchObject({ id: 'mine' })
    const made = await say(speaker, show, 'danmu', { text: 'again' })
    expect(made.id).toMatch(/^[A-Za-z0-9_-]{1,64}$/)
    for (const peer of [speaker, viewer]) {
      await comes(peer, 'mine')
      await comes(peer, made.id ?? '')
      const items = itemsOf(peer, 'danmu')
      expect(items.map(({ id, by, body }) => [id, by, body])).toEqual([
        ['mine', user, { text: 'hello' }],
        [made.id, user, { text: 'again' }],
      ])
      expect(items[0]?.atMs).toBeGreaterThanOrEqual(before - 1000)
    }
  })

  it('[L1] again under the id that the same user gave it is taken once, over HTTP too; somebody else may use that id', async () => {
    const [show, user, other] = [newShow(), fresh('u'), fresh('u')]
    const speaker = await watch(user, show, { danmu: 0 })
    const stranger = await enter(other)
    for (let time = 0; time < 2; time++) expect(await say(speaker, show, 'danmu', { text: 'hello' }, 'x')).toMatchObject({ id: 'x' })
    const posted = await http(server.url, user, path(show, 'danmu'), { body: { id: 'x', body: { text: 'hello' } } })
    expect([posted.status, posted.body]).toEqual([200, { id: 'x' }])
    await say(stranger, show, 'danmu', { text: 'hi' }, 'x')
    await say(speaker, show, 'danmu', { text: 'last' }, 'last')
    await comes(speaker, 'last')
    expect(itemsOf(speaker, 'danmu').map(({ id, by }) => [id, by])).toEqual([
      ['x', user],
      ['x', other],
      ['last', user],
    ])
  })

  it('[L1] against the schema is invalid, in no lane not-found, by who may only read forbidden: each in its said', async () => {
    const [show, user, reader] = [newShow(), fresh('u'), fresh('ro')]
    const admin = await enter(fresh('admin'))
    await admin.mutate(show, 'let', { user: reader, space: show, level: 'read' })
    const speaker = await enter(user)
    expect((await say(speaker, show, 'danmu', { text: 7 })).error?.code).toBe('invalid')
    expect((await say(speaker, show, 'cellar', { text: 'x' })).error?.code).toBe('not-found')
    expect((await say(speaker, show, 'presence', { online: 9 })).error?.code).toBe('not-found')
    const silent = await watch(reader, show, { danmu: 0 })
    expect((await say(silent, show, 'danmu', { text: 'x' })).error?.code).toBe('forbidden')
    expect((await http(server.url, reader, path(show, 'danmu'), { body: { body: { text: 'x' } } })).status).toBe(403)
    await say(speaker, show, 'danmu', { text: 'seen' }, 'seen')
    await comes(silent, 'seen')
    expect(itemsOf(silent, 'danmu').map(({ id }) => id)).toEqual(['seen'])
  })

  it('[L1] what the word filter drops is answered like anything else, and nobody sees it', async () => {
    const show = newShow()
    const admin = await enter(fresh('admin'))
    await admin.mutate('moderation', 'addWords', { words: ['durian'], action: 'drop' })
    const speaker = await watch(fresh('u'), show, { danmu: 0 })
    expect(await say(speaker, show, 'danmu', { text: 'a durian!' }, 'dropped')).toEqual({ t: 'said', n: says, id: 'dropped' })
    await say(speaker, show, 'danmu', { text: 'a mango' }, 'kept')
    await comes(speaker, 'kept')
    expect(itemsOf(speaker, 'danmu').map(({ id }) => id)).toEqual(['kept'])
  })

  it('more than its cap in one tick is cut, and counted', async () => {
    const show = newShow()
    const viewer = await watch(fresh('u'), show, { small: 0 })
    const speakers = await Promise.all(Array.from({ length: 8 }, () => enter(fresh('u'))))
    await Promise.all(speakers.map((speaker, at) => say(speaker, show, 'small', { text: `say ${at}` })))
    const seen = () => ticksOf(viewer, 'small').reduce((sum, { items, cut }) => sum + (items as Item[]).length + Number(cut), 0)
    await viewer.socket.expect(() => seen() === 8)
    for (const tick of ticksOf(viewer, 'small')) expect((tick.items as Item[]).length).toBeLessThanOrEqual(3)
  })

  it('[L3] moves no version: heads and sum stay what they were', async () => {
    const show = newShow()
    const speaker = await watch(fresh('u'), show, { danmu: 0 })
    const before = await speaker.beat()
    await say(speaker, show, 'danmu', { text: 'hello' }, 'a')
    await comes(speaker, 'a')
    expect((await speaker.beat()).theirs).toBe(before.theirs)
    expect((await speaker.follow(show)).heads).toEqual({ [show]: 0 })
  })

  it('in a lane with tickMs 0 leaves at once and is kept nowhere', async () => {
    const show = newShow()
    const [speaker, viewer] = [await enter(fresh('u')), await watch(fresh('u'), show, { typing: 0 })]
    expect(await viewer.socket.expect(({ t }) => t === 'lane')).toMatchObject({ lane: 'typing', tickMs: 0 })
    await say(speaker, show, 'typing', { text: 'ann is typing' }, 'a')
    await comes(viewer, 'a')
    expect((await http<Ring>(server.url, viewer.user, path(show, 'typing'))).body.ticks).toEqual([])
    const late = await watch(fresh('u'), show, { typing: 0 })
    await late.socket.expect(({ t }) => t === 'lane')
    await say(speaker, show, 'typing', { text: 'bob is typing' }, 'b')
    await comes(late, 'b')
    expect(itemsOf(late, 'typing').map(({ id }) => id)).toEqual(['b'])
  })
})

describe('who follows a lane', () => {
  it('[L4] is told how it runs, then given the ring after the tick that they state, the oldest first', async () => {
    const [show, user] = [newShow(), fresh('u')]
    const speaker = await watch(user, show, { danmu: 0 })
    for (const id of ['a', 'b', 'c']) {
      await say(speaker, show, 'danmu', { text: id }, id)
      await comes(speaker, id)
    }
    const [first] = ticksOf(speaker, 'danmu')
    const whole = await watch(fresh('u'), show, { danmu: 0 })
    await comes(whole, 'c')
    const mine = whole.socket.frames.filter(({ t }) => t === 'lane' || t === 'tick')
    expect(mine[0]).toMatchObject({ t: 'lane', space: show, lane: 'danmu', tickMs: 100, cap: 100 })
    expect(itemsOf(whole, 'danmu').map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    const ticks = ticksOf(whole, 'danmu').map(({ tick }) => Number(tick))
    expect(ticks).toEqual([...ticks].sort((a, b) => a - b))
    const rest = await watch(fresh('u'), show, { danmu: Number(first?.tick) })
    await comes(rest, 'c')
    expect(itemsOf(rest, 'danmu').map(({ id }) => id)).toEqual(['b', 'c'])
  })

  it('[L4] by follow, of a space of the same or an earlier frame; else bad-request; a lane that the kind has not is not-found', async () => {
    const show = newShow()
    const peer = await enter(fresh('u'))
    const lanes = { [show]: { danmu: 0 } }
    expect(((await peer.ask({ t: 'follow', spaces: {}, lanes }, 'error')).error as WireError).code).toBe('bad-request')
    expect(await peer.ask({ t: 'follow', spaces: peer.state(show), lanes }, 'lane')).toMatchObject({ lane: 'danmu' })
    const cellar = { t: 'follow', spaces: {}, lanes: { [show]: { cellar: 0 } } }
    expect(((await peer.ask(cellar, 'error')).error as WireError).code).toBe('not-found')
  })

  it('[L4] hears no more of it after unfollow of the lane, or of its space', async () => {
    const show = newShow()
    const [one, other] = [await watch(fresh('u'), show, { danmu: 0 }), await watch(fresh('u'), show, { danmu: 0 })]
    const witness = await watch(fresh('u'), show, { danmu: 0 })
    one.socket.send({ t: 'unfollow', spaces: [], lanes: { [show]: ['danmu'] } })
    other.socket.send({ t: 'unfollow', spaces: [show] })
    // [B1] answered after what came before it.
    for (const peer of [one, other]) await peer.ask({ t: 'beat', nextS: 60 }, 'beat')
    await say(witness, show, 'danmu', { text: 'x' }, 'x')
    await comes(witness, 'x')
    for (const peer of [one, other]) await peer.ask({ t: 'beat', nextS: 60 }, 'beat')
    expect([ticksOf(one, 'danmu'), ticksOf(other, 'danmu')]).toEqual([[], []])
  })

  it('[L4] hears no more of it once they may no longer read its space: denied, and neither frame nor ring nor say', async () => {
    const [show, user] = [newShow(), fresh('u')]
    const admin = await watch(fresh('admin'), show, { danmu: 0 })
    const viewer = await watch(user, show, { danmu: 0 })
    await admin.mutate(show, 'let', { user, space: show, level: 'none' })
    // [B9] What is followed is held against the rights of a fresh token at once.
    viewer.socket.send({ t: 'auth', token: await tokenOf(server.url, user) })
    await viewer.socket.expect(({ t, space }) => t === 'denied' && space === show)
    await say(admin, show, 'danmu', { text: 'secret' }, 'secret')
    await comes(admin, 'secret')
    await viewer.ask({ t: 'beat', nextS: 60 }, 'beat')
    expect(JSON.stringify(viewer.socket.frames)).not.toContain('secret')
    expect((await http(server.url, user, path(show, 'danmu'))).status).toBe(403)
    expect((await say(viewer, show, 'danmu', { text: 'x' })).error?.code).toBe('forbidden')
  })

  it('[L4] may be a poll: the ring leaves with its answer, and a new tick ends its wait', async () => {
    const show = newShow()
    const speaker = await watch(fresh('u'), show, { danmu: 0 })
    await say(speaker, show, 'danmu', { text: 'a' }, 'a')
    await comes(speaker, 'a')
    const poll = async (since: number, waitS: number) => {
      const body = { client: newClientId(), spaces: { [show]: [0, ''] }, lanes: { [show]: { danmu: since } }, nextS: 60, app: '1', waitS }
      const { status, body: frames } = await http<Frame[]>(server.url, fresh('u'), '/v1/poll', { body })
      expect(status).toBe(200)
      return frames.filter(({ t }) => t === 'tick' || t === 'lane')
    }
    const [state, tick] = await poll(0, 0)
    expect(state?.t).toBe('lane')
    expect(tick).toMatchObject({ t: 'tick', items: [{ id: 'a' }] })
    const waiting = poll(Number(tick?.tick), 30)
    await say(speaker, show, 'danmu', { text: 'b' }, 'b')
    expect((await waiting).flatMap(({ t, items }) => (t === 'tick' ? (items as Item[]) : [])).map(({ id }) => id)).toEqual(['b'])
  })
})

describe('over HTTP alone', () => {
  it('[L5] a POST says something, a GET brings the ring; it has an ETag, an age of one tick, and a since', async () => {
    const [show, user] = [newShow(), fresh('u')]
    const { status, body } = await http<{ id: string }>(server.url, user, path(show, 'danmu'), { body: { body: { text: 'hello' } } })
    expect(status).toBe(200)
    const ring = await ringWith(user, show, 'danmu', 1)
    expect(ring).toMatchObject({ space: show, lane: 'danmu', tickMs: 100, cap: 100, ticks: [{ items: [{ id: body.id, by: user }] }] })
    const again = await http<Ring>(server.url, user, path(show, 'danmu'))
    const etag = again.headers.get('etag')
    expect(again.headers.get('cache-control')).toMatch(/^private, max-age=\d/)
    const same = await fetch(`${server.url}${path(show, 'danmu')}`, {
      headers: { authorization: `Bearer ${await tokenOf(server.url, user)}`, 'if-none-match': etag ?? '' },
    })
    expect([same.status, await same.text()]).toEqual([304, ''])
    const since = ring.ticks.at(-1)?.tick
    expect((await http<Ring>(server.url, user, `${path(show, 'danmu')}?since=${since}`)).body.ticks).toEqual([])
  })

  it('[L5] a public lane is read without a token, another one is not; nothing is said without one', async () => {
    const [show, user] = [newShow(), fresh('u')]
    await http(server.url, user, path(show, 'open'), { body: { id: 'a', body: { text: 'for all' } } })
    expect((await ringWith(null, show, 'open', 1)).ticks[0]?.items[0]?.id).toBe('a')
    expect((await http(server.url, null, path(show, 'open'))).headers.get('cache-control')).toMatch(/^public/)
    expect((await http(server.url, null, path(show, 'danmu'))).status).toBe(401)
    expect((await http(server.url, null, path(show, 'open'), { body: { body: { text: 'x' } } })).status).toBe(401)
    expect((await http(server.url, user, path(show, 'cellar'))).status).toBe(404)
    expect((await http(server.url, user, path(show, 'cellar'), { body: { body: { text: 'x' } } })).status).toBe(404)
    expect((await http(server.url, user, path(show, 'danmu'), { body: { body: { text: 7 } } })).status).toBe(422)
  })

  it('[L5] what was said stays in its page of the archive', async () => {
    const [show, user] = [newShow(), fresh('u')]
    await http(server.url, user, path(show, 'open'), { body: { id: 'a', body: { text: 'kept' } } })
    const tick = (await ringWith(user, show, 'open', 1)).ticks[0]?.tick ?? 0
    const from = tick - (tick % 60_000)
    const { status, body } = await http<Ring & { from: number; to: number }>(server.url, null, `${path(show, 'open')}/archive/${from}`)
    expect([status, body.from, body.to, body.ticks[0]?.items[0]?.id]).toEqual([200, from, from + 60_000, 'a'])
    expect((await http(server.url, user, `${path(show, 'danmu')}/archive/${from}`)).status).toBe(404)
  })
})

describe('presence', () => {
  it('[L6] tells who follows the space, once a user; a probe is nobody; who closes is gone; GET tells it, too', async () => {
    const [show, ann, bob] = [newShow(), fresh('ann'), fresh('bob')]
    const watcher = await watch(ann, show, { presence: 0 })
    const tells = (body: object) =>
      watcher.socket.expect(({ t, items }) => t === 'tick' && isDeepStrictEqual((items as Item[])[0]?.body, body))
    await tells({ online: 1, users: [ann] })
    const [first, second] = [await watch(bob, show, {}), await watch(bob, show, {})]
    await enter(fresh('probe'), { hello: { probe: true, spaces: { [show]: [0, ''] } } })
    await tells({ online: 2, users: [ann, bob].sort() })
    const { body } = await http<Ring>(server.url, ann, path(show, 'presence'))
    expect(body.ticks[0]?.items[0]?.body).toEqual({ online: 2, users: [ann, bob].sort() })
    const mark = watcher.mark()
    first.close()
    second.close()
    expect(await watcher.after(mark, ({ t }) => t === 'tick')).toMatchObject({ items: [{ body: { online: 1, users: [ann] } }] })
  })
})

describe('somebody without a name', () => {
  interface Anonymous {
    readonly token: string
    readonly user: string
    readonly expiresAtMs: number
  }

  it('gets one for an hour, under which they read, say and are counted like anybody, and keeps it as long as the token lasts', async () => {
    const show = newShow()
    const { status, body } = await http<Anonymous>(server.url, null, '/v1/anonymous', { method: 'POST' })
    expect([status, body.user]).toEqual([200, expect.stringMatching(/^anon-/)])
    expect(body.expiresAtMs - Date.now()).toBeLessThanOrEqual(3_600_000)
    const socket = await connectBare(server.url)
    const hello = { t: 'hello', client: newClientId(), spaces: { [show]: [0, ''] }, lanes: { [show]: { danmu: 0 } }, nextS: 60, app: '1' }
    socket.send({ ...hello, token: body.token })
    expect(await socket.expect(({ t }) => t === 'welcome')).toMatchObject({ user: body.user, heads: { [show]: 0 } })
    socket.send({ t: 'say', space: show, lane: 'danmu', n: 1, id: 'a', body: { text: 'hi' } })
    expect(await socket.expect(({ t }) => t === 'tick')).toMatchObject({ items: [{ id: 'a', by: body.user }] })
    socket.close()
    const again = await http<Anonymous>(server.url, null, '/v1/anonymous', {
      method: 'POST',
      headers: { authorization: `Bearer ${body.token}` },
    })
    expect(again.body.user).toBe(body.user)
    const other = await http<Anonymous>(server.url, null, '/v1/anonymous', { method: 'POST' })
    expect(other.body.user).not.toBe(body.user)
  })

  it('never gets a name that they choose', async () => {
    const chosen = await http<Anonymous>(server.url, null, '/v1/anonymous', { body: { user: 'alice' } })
    expect(chosen.body.user).toMatch(/^anon-/)
    const alice = await http(server.url, 'alice', '/v1/anonymous', { method: 'POST' })
    expect(alice.status).toBe(401)
  })
})

describe('a server that is killed', () => {
  let data: string
  let running: ServerProcess
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-lanes-'))
  })
  afterAll(async () => {
    await running.end('SIGTERM')
    await rm(data, { recursive: true, force: true })
  })

  it('[L2] before a tick is over merges it late when it runs again: what said had answered is there, once', async () => {
    const [show, user] = [newShow(), fresh('u')]
    const port = await freePort()
    running = await startServer({ data, port, module: MODULE })
    const speaker = await connectPeer(running.url, user)
    for (const id of ['a', 'b']) expect((await say(speaker, show, 'slow', { text: id }, id)).error).toBeUndefined()
    await running.end('SIGKILL')
    expect(await readdir(data)).toContain('tidemark-lanes.db')
    running = await startServer({ data, port, module: MODULE })
    const viewer = await connectPeer(running.url, fresh('u'), { follow: [show], hello: { lanes: { [show]: { slow: 0 } } } })
    await comes(viewer, 'b')
    const again = await connectPeer(running.url, user)
    expect(await say(again, show, 'slow', { text: 'a' }, 'a')).toMatchObject({ id: 'a' })
    expect(itemsOf(viewer, 'slow').map(({ id }) => id)).toEqual(['a', 'b'])
    expect(ticksOf(viewer, 'slow')[0]).toMatchObject({ late: true })
    for (const peer of [viewer, again]) peer.close()
  })
})
