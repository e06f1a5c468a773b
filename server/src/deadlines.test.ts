// Goal: whatever the server waits for may hang for ever: whoever waits for it hears so in time, everybody else is served meanwhile, and the
// server still ends. Method: one server under a virtual clock; each of the things outside it hangs in turn, for one user or for all.
import { type Clock, defineApp, parseServerFrame, type ServerFrame, space } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { app as withoutLanes } from '../test/backend-world.ts'
import { FakeSocket } from '../test/fake-socket.ts'
import { laneApp } from '../test/lane-world.ts'
import { settle, VirtualClock } from '../test/virtual-clock.ts'
import type { AccessRules } from './backend/access.ts'
import {
  ACCESS_WITHIN_MS,
  AUTHENTICATE_WITHIN_MS,
  KEYS_WITHIN_MS,
  MUTATOR_WITHIN_MS,
  READ_WITHIN_MS,
  RETENTION_EVERY_MS,
  RETENTION_WITHIN_MS,
  WRITE_WITHIN_MS,
} from './backend/bounds.ts'
import { type Authenticate, jwt, signToken } from './backend/jwt.ts'
import type { Changelog, ReadTransaction } from './changelog/changelog.ts'
import { memoryChangelog } from './changelog/memory/memory-changelog.ts'
import { GATEWAY_BOUNDS } from './gateway/bounds.ts'
import { ANSWER_WITHIN_MS } from './http/routes.ts'
import { STORED_WITHIN_MS } from './lanes/bounds.ts'
import type { LaneStore } from './lanes/lane-store.ts'
import { memoryLaneStore } from './lanes/memory/memory-lane-store.ts'
import { createSyncServer } from './sync-server.ts'

const app = defineApp({
  version: '1',
  spaces: { ...withoutLanes.spaces, live: { ...space({}), lanes: laneApp().spaces.live?.lanes ?? {} } },
})
const never = (): Promise<never> => new Promise(() => {})
/** More turns of the event loop than a request takes. */
const TURNS = 20
const SECRET = 'a secret of the tests, 32 bytes and more'

type Part =
  | 'access'
  | 'authenticate'
  | 'key set'
  | 'read'
  | 'read of a log'
  | 'write'
  | 'list of spaces'
  | 'ready'
  | 'close'
  | 'API keys'
  | 'lanes'

/** A server of which any part can be made to hang, for the user and tenant `stuck` where it knows them. */
class World {
  readonly clock = new VirtualClock()
  readonly hung = new Set<Part>()
  readonly #memory = memoryChangelog()
  readonly server: ReturnType<typeof createSyncServer<typeof app>>

  constructor({ authenticate }: { authenticate?: (clock: Clock) => Authenticate } = {}) {
    const { clock, hung } = this
    const memory = this.#memory
    const hangs = (part: Part) => hung.has(part)
    const changelog: Changelog = {
      ...memory,
      read: (tenant, work) =>
        hangs('read') && tenant === 'stuck' ? never() : memory.read(tenant, (tx) => work(tenant === 'stuck' ? this.#slow(tx) : tx)),
      write: (work) => (hangs('write') ? never() : memory.write(work)),
      spaces: (...args) => (hangs('list of spaces') ? never() : memory.spaces(...args)),
      ready: () => (hangs('ready') ? never() : memory.ready()),
      close: () => (hangs('close') ? never() : memory.close()),
    }
    const lanes = new Proxy(memoryLaneStore(), {
      get: (target, key: keyof LaneStore) => (hangs('lanes') ? never : target[key]),
    })
    const rule = (user: string) => (hangs('access') && user === 'stuck' ? never() : ('write' as const))
    const mine: Authenticate = async (token) =>
      hangs('authenticate') && token === 'stuck' ? never() : { tenant: token, user: token, expiresAtMs: undefined }
    this.server = createSyncServer({
      app,
      changelog,
      clock,
      authenticate: authenticate?.(clock) ?? mine,
      access: Object.fromEntries(Object.keys(app.spaces).map((kind) => [kind, rule])) as unknown as AccessRules<typeof app>,
      apiKeys: () => (hangs('API keys') ? never() : []),
      lanes: { store: lanes },
    })
  }

  #slow(tx: ReadTransaction): ReadTransaction {
    return new Proxy(tx, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        if (typeof member !== 'function') return member
        return key === 'log' && this.hung.has('read of a log') ? never : member.bind(target)
      },
    })
  }

  /** Lets time pass; bodies of requests take turns of the event loop before and after it. */
  async pass(ms: number): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await settle()
    await this.clock.pass(ms)
    for (let turn = 0; turn < TURNS; turn++) await settle()
  }

  /** Status and code of an answer, once it comes. */
  ask(user: string, path: string, init: RequestInit = {}): Waited {
    const waited: Waited = { atMs: undefined, said: undefined }
    const beganMs = this.clock.monotonicMs()
    const headers = { authorization: `Bearer ${user}`, 'content-type': 'application/json', ...init.headers }
    void Promise.resolve(this.server.hono.request(path, { ...init, headers })).then(async (answer) => {
      const body = (await answer.json()) as { error?: { code: string }; acks?: unknown[] }
      waited.said = `${answer.status} ${body.error?.code ?? 'done'}`
      waited.atMs = this.clock.monotonicMs() - beganMs
    })
    return waited
  }

  pull(user: string): Waited {
    return this.ask(user, '/v1/spaces/open:1/changes?since=0')
  }

  write(user: string, name = 'put'): Waited {
    return this.ask(user, '/v1/mutations', { method: 'POST', body: JSON.stringify(batch(name, this.#next(user))) })
  }

  commit(): Waited {
    const body = JSON.stringify({ commits: [{ mutations: [{ space: 'open:1', name: 'delete', args: { c: 'notes', id: 'x' } }] }] })
    return this.ask(`tm_${'0'.repeat(16)}_${'A'.repeat(43)}`, '/v1/commits', { method: 'POST', body })
  }

  /** The frame or close that answers `frame`, on a connection that said hello. */
  live(user: string, frame?: (user: string) => object): Waited & { readonly socket: FakeSocket } {
    const socket = new FakeSocket()
    const waited = { atMs: undefined as number | undefined, said: undefined as string | undefined, socket }
    let beganMs = this.clock.monotonicMs()
    const send = socket.send.bind(socket)
    let isAnswered = frame === undefined
    socket.send = (text) => {
      send(text)
      const told = parseServerFrame(text) as ServerFrame
      if (!isAnswered && told.t === 'range') {
        isAnswered = true
        beganMs = this.clock.monotonicMs()
        socket.say(frame?.(user))
        return
      }
      if (!isAnswered || waited.said !== undefined || told.t === (frame === undefined ? 'welcome' : 'range')) return
      const error = 'error' in told ? told.error : undefined
      waited.said = `${told.t} ${error?.code ?? 'done'}`
      waited.atMs = this.clock.monotonicMs() - beganMs
    }
    socket.events = this.server.gateway.accept(socket)
    const client = clientOf(user)
    socket.say({ t: 'hello', client, token: user, spaces: { 'open:1': [0, ''] }, nextS: 3600, app: '1' })
    return waited
  }

  #next(user: string): { client: string; n: number } {
    this.#numbers.set(user, (this.#numbers.get(user) ?? 0) + 1)
    return { client: clientOf(user), n: this.#numbers.get(user) ?? 0 }
  }
  readonly #numbers = new Map<string, number>()
}

interface Waited {
  /** How long it took, in ms; undefined while it is awaited. */
  atMs: number | undefined
  said: string | undefined
}

const clientOf = (user: string) => `c_${user.padEnd(22, '_').slice(0, 22)}`
const nonceOf = (n: number) => n.toString(16).padStart(16, '0')

function batch(name: string, { client, n }: { client: string; n: number }): object {
  const args = name === 'put' ? { c: 'notes', id: `d${n}`, doc: { text: 'x' } } : {}
  return { client, on: n === 1 ? '' : nonceOf(n - 1), mutations: [{ n, nonce: nonceOf(n), space: 'open:1', name, args, madeMs: 0 }] }
}

/** What hangs, who asks for what, what they are told, and when at the latest. */
interface Row {
  readonly part: Part
  readonly what: string
  readonly ask: (world: World) => Waited
  readonly said: string
  readonly withinMs: number
  /** What everybody else does meanwhile. Default: pull, write, connect. */
  readonly others?: (world: World) => readonly Waited[]
}

const everything = (world: World) => [world.pull('alice'), world.write('alice'), world.live('bob')]
const reading = (world: World) => [world.pull('alice'), world.live('bob')]
const pull = (world: World) => world.pull('stuck')
const write = (world: World) => world.write('stuck')
const hello = (world: World) => world.live('stuck')
const get = (path: string) => (world: World) => world.ask('alice', path)

const ROWS: readonly Row[] = [
  { part: 'access', what: 'a pull', ask: pull, said: '500 internal', withinMs: ACCESS_WITHIN_MS },
  { part: 'access', what: 'a mutation', ask: write, said: '200 internal', withinMs: ACCESS_WITHIN_MS },
  { part: 'access', what: 'a hello', ask: hello, said: 'denied internal', withinMs: ACCESS_WITHIN_MS },
  { part: 'authenticate', what: 'a pull', ask: pull, said: '503 unavailable', withinMs: AUTHENTICATE_WITHIN_MS },
  { part: 'authenticate', what: 'a mutation', ask: write, said: '503 unavailable', withinMs: AUTHENTICATE_WITHIN_MS },
  { part: 'authenticate', what: 'a hello', ask: hello, said: 'error unavailable', withinMs: AUTHENTICATE_WITHIN_MS },
  {
    part: 'authenticate',
    what: 'a fresh token',
    ask: (world) => world.live('alice', () => ({ t: 'auth', token: 'stuck' })),
    said: 'error unavailable',
    withinMs: AUTHENTICATE_WITHIN_MS,
  },
  { part: 'read', what: 'a pull', ask: pull, said: '503 unavailable', withinMs: READ_WITHIN_MS },
  { part: 'read', what: 'a hello', ask: hello, said: 'error unavailable', withinMs: READ_WITHIN_MS },
  { part: 'read of a log', what: 'a pull', ask: pull, said: '503 unavailable', withinMs: READ_WITHIN_MS },
  { part: 'read of a log', what: 'a hello', ask: hello, said: 'denied unavailable', withinMs: READ_WITHIN_MS },
  { part: 'write', what: 'a mutation', ask: write, said: '200 unavailable', withinMs: WRITE_WITHIN_MS, others: reading },
  {
    part: 'write',
    what: 'a mutation on a live connection',
    ask: (world) => world.live('alice', () => ({ t: 'mutate', ...batch('put', { client: clientOf('alice'), n: 1 }) })),
    said: 'ack unavailable',
    withinMs: WRITE_WITHIN_MS,
    others: reading,
  },
  { part: 'ready', what: 'readyz', ask: get('/readyz'), said: '503 unavailable', withinMs: READ_WITHIN_MS },
  { part: 'API keys', what: 'a commit', ask: (world) => world.commit(), said: '503 unavailable', withinMs: 5000 },
]

describe('what hangs for ever', () => {
  it.each(ROWS)('$part: $what hears $said in time, everybody else is served meanwhile, and all is well when it is over', async (row) => {
    const world = new World()
    for (const user of ['stuck', 'alice']) {
      const first = world.write(user)
      await world.pass(10)
      expect(first.said).toBe('200 done')
    }
    world.hung.add(row.part)
    const waited = row.ask(world)
    await world.pass(row.withinMs - 10)
    expect(waited.said).toBeUndefined()
    const others = (row.others ?? everything)(world)
    await world.pass(9)
    for (const other of others) expect(other.said).toMatch(/^(200|range) done$/)
    await world.pass(20)
    expect(waited.said).toBe(row.said)
    expect(waited.atMs).toBeGreaterThanOrEqual(row.withinMs)

    world.hung.clear()
    const [again, live] = [world.pull('stuck'), world.live('stuck')]
    await world.pass(100)
    expect([again.said, live.said]).toEqual(['200 done', 'range done'])
    let isClosed = false
    void world.server.close().then(() => {
      isClosed = true
    })
    await world.pass(5000)
    expect(isClosed).toBe(true)
  })

  it('a key set: a token that needs it is unavailable in time; one that does not is served', async () => {
    const world = new World({
      authenticate: (clock) =>
        jwt({ secret: SECRET, jwksUrl: 'https://id.example/keys', algorithms: ['HS256', 'ES256'], clock, fetch: never }),
    })
    const elsewhere = `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.e30.AA`
    const waited = world.pull(elsewhere)
    await world.pass(KEYS_WITHIN_MS - 1)
    expect(waited.said).toBeUndefined()
    const other = world.pull(await signToken({ secret: SECRET, user: 'alice', nowMs: world.clock.nowMs(), expiresInS: 60 }))
    await world.pass(1)
    await expect.poll(() => other.said).toBe('200 done')
    expect([waited.said, waited.atMs]).toEqual(['503 unavailable', KEYS_WITHIN_MS])
  })

  it('a mutator: it is stopped, and those behind it are run', async () => {
    const world = new World()
    const [first, second] = [world.write('stuck', 'hang'), world.write('alice')]
    await world.pass(MUTATOR_WITHIN_MS)
    expect(first.said).toBe('200 unavailable')
    await world.pass(100)
    expect(second.said).toBe('200 done')
  })

  it('a write: what waits behind it is unavailable in time, is not run later, and holds no memory', async () => {
    const world = new World()
    world.hung.add('write')
    const first = world.write('alice')
    await world.pass(100)
    const crowd = Array.from({ length: 50 }, (_, at) => world.write(`u${at}`))
    await world.pass(WRITE_WITHIN_MS)
    for (const one of [first, ...crowd]) expect(one.said).toBe('200 unavailable')
    expect(world.clock.timers).toBeLessThan(5)
  })

  it('a body: its request is answered before its connection would be cut off', async () => {
    const world = new World()
    const body = new ReadableStream({ pull: never })
    const waited = world.ask('alice', '/v1/mutations', { method: 'POST', body, duplex: 'half' } as RequestInit)
    await world.pass(ANSWER_WITHIN_MS - 10)
    const others = everything(world)
    await world.pass(9)
    for (const other of others) expect(other.said).toMatch(/^(200|range) done$/)
    await world.pass(1)
    expect(waited.said).toBe('503 unavailable')
  })

  it('a reader that takes nothing, whatever it says meanwhile, is cut off; one that takes something now and then is not', async () => {
    const world = new World()
    const [still, slow] = [world.live('alice').socket, world.live('bob').socket]
    await world.pass(100)
    for (const socket of [still, slow]) socket.stalled = true
    for (let passedMs = 0; passedMs < 2 * GATEWAY_BOUNDS.stillMs; passedMs += 60_000) {
      for (const socket of [still, slow]) socket.say({ t: 'beat', nextS: 60 })
      await world.pass(60_000)
      slow.bufferedBytes -= 10
      slow.events?.drained()
    }
    expect([still.terminated, slow.terminated]).toEqual([true, false])
  })

  it('retention: its slice is given up, and the next round comes', async () => {
    const world = new World()
    world.hung.add('list of spaces')
    await world.pass(RETENTION_EVERY_MS + 10)
    await world.pass(RETENTION_WITHIN_MS)
    world.hung.clear()
    await world.pass(2 * RETENTION_EVERY_MS)
    let isClosed = false
    void world.server.close().then(() => {
      isClosed = true
    })
    await world.pass(3000)
    expect(isClosed).toBe(true)
  })

  it('lanes: who says or reads something there hears so in time, and mutations never notice', async () => {
    const world = new World()
    const lane = '/v1/spaces/live:1/lanes/danmu'
    const say = () => world.ask('alice', lane, { method: 'POST', body: JSON.stringify({ body: { text: 'hello' } }) })
    const before = say()
    await world.pass(10)
    expect(before.said).toBe('200 done')
    world.hung.add('lanes')
    const told = [say(), say(), world.ask('alice', '/v1/spaces/live:2/lanes/danmu')]
    await world.pass(10)
    const written = world.write('alice')
    await world.pass(10)
    expect(written.said).toBe('200 done')
    await world.pass(STORED_WITHIN_MS)
    expect(told.map(({ said }) => said)).toEqual(['503 unavailable', '503 unavailable', '503 unavailable'])
  })

  it.each(['list of spaces', 'write', 'read', 'close', 'lanes'] as const)('%s: the server ends all the same', async (part) => {
    const world = new World()
    world.hung.add(part)
    await world.pass(RETENTION_EVERY_MS + 10)
    world.write('alice')
    world.pull('stuck')
    const { socket } = world.live('bob')
    await world.pass(100)
    let isClosed = false
    void world.server.close().then(() => {
      isClosed = true
    })
    await world.pass(15_000)
    expect(isClosed).toBe(true)
    expect(socket.last('goaway')).toBeDefined()
  })
})
