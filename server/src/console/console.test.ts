// Goal: what the console's server tells, to whom, and how much of it. Method: the console over a real gateway, a changelog in memory and rules in the test's hands.
import { ForbiddenError, NotFoundError, type SpaceId } from '@tidemark/shared'
import { beforeEach, describe, expect, it } from 'vitest'
import { app, user } from '../../test/backend-world.ts'
import { CLIENT, GatewayWorld } from '../../test/gateway-world.ts'
import type { Access, AskAccess } from '../backend/access.ts'
import type { Principal } from '../backend/backend.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { GATEWAY_BOUNDS } from '../gateway/bounds.ts'
import { SAMPLE_MS } from './activity.ts'
import { CONNECTIONS_PAGE, Console, SPACES_PAGE } from './console.ts'
import { TAIL_CHANGES_MAX, TAIL_COMMITS } from './log-tail.ts'
import { REFUSALS_KEPT } from './refusals.ts'
import { CLIENTS_LOOKED_AT } from './replicas-of.ts'

const mod = user('mod')
const elsewhere = user('mod', 'elsewhere')
const WORLD_RULES: Readonly<Record<string, Access>> = { moderation: 'read', open: 'read', mixed: 'read', hidden: 'none' }

let world: GatewayWorld
let changelog: ReturnType<typeof memoryChangelog>
let asked: Console
const ask: AskAccess = async ({ user }: Principal, space: SpaceId) => {
  const [kind = ''] = space.split(':')
  const answer = kind === 'moderation' && user !== 'mod' ? 'none' : WORLD_RULES[kind]
  if (answer === undefined) throw new NotFoundError(`There is no space kind ${kind}.`)
  return answer
}

beforeEach(() => {
  world = new GatewayWorld({ hellosPerS: 1_000_000 })
  changelog = memoryChangelog()
  const { gateway, bus, clock } = world
  asked = new Console({ app, ask, changelog, gateway, bus, clock, bounds: GATEWAY_BOUNDS, limits: { http: { pullsPerS: 7 } } })
})

async function write(
  space: string,
  collection: string,
  ids: readonly string[],
  { tenant = 'default', doc = '{"text":"x"}', creator = 'alice' } = {},
) {
  const changes = ids.map((id) => ({ collection, id, creator, created: 'now' as const, doc }))
  await changelog.write((of) => of(tenant).commit(space, changes, 'a'.repeat(16), world.clock.nowMs()))
}

describe('who may look', () => {
  it('nobody whom the rule of moderation does not let in is told anything', async () => {
    const eve = user('eve')
    const questions = [
      () => asked.overview(eve),
      () => asked.connections(eve, 0, undefined),
      () => asked.spaces(eve, ''),
      () => asked.log(eve, 'open:1'),
      () => asked.user(eve, 'alice', ''),
      () => asked.refusals(eve),
      () => asked.limits(eve),
    ]
    for (const question of questions) await expect(question()).rejects.toThrow(ForbiddenError)
  })

  it('and each is told of their own tenant alone', async () => {
    await world.greet('alice', { 'open:1': [0, ''] })
    await write('open:1', 'notes', ['a'])
    asked.refused('forbidden', { tenant: 'default', user: 'alice', message: 'no' })
    expect(await asked.overview(elsewhere)).toMatchObject({ tenant: 'elsewhere', connections: 0, users: 0, busiest: [] })
    expect(await asked.connections(elsewhere, 0, undefined)).toMatchObject({ total: 0, connections: [] })
    expect(await asked.spaces(elsewhere, '')).toEqual({ spaces: [], next: undefined })
    expect(await asked.log(elsewhere, 'open:1')).toMatchObject({ version: 0, commits: [] })
    expect(await asked.refusals(elsewhere)).toMatchObject({ refused: [] })
  })
})

describe('the overview', () => {
  it('counts connections, users, who lags and what waits, and samples what happens', async () => {
    asked.start()
    world.backend.commits('open:1')
    await world.greet('alice', { 'open:1': [0, ''] })
    await world.greet('alice', {})
    await world.greet('bob', {})
    world.bus.publish({ tenant: 'default', space: 'open:2', version: 3 as never })
    asked.refused('invalid', { tenant: 'default', user: 'bob', message: 'text: is empty' })
    await world.clock.pass(SAMPLE_MS)
    expect(await asked.overview(mod)).toMatchObject({
      may: 'read',
      user: 'mod',
      connections: 3,
      users: 2,
      lagging: 0,
      bufferedBytes: 0,
      samples: [{ connections: 3, commits: 1, refused: 1 }],
      busiest: [{ space: 'open:2', version: 3, commits: 1, readers: 0 }],
    })
    asked.stop()
    expect(world.bus.listeners).toBe(1)
  })

  it('tells the kinds of the app, so that a page can be made of them that knows no app', async () => {
    const { kinds } = await asked.overview(mod)
    expect(Object.keys(kinds)).toEqual(['open', 'mixed', 'hidden'])
    expect(kinds.open?.collections).toContain('notes')
  })
})

describe('connections', () => {
  it('each with its beat, its device, what waits for it, and how far each copy is behind', async () => {
    const socket = await world.greet('alice', { 'open:1': [0, ''] }, { nextS: 240, app: '2', labels: { platform: 'ios', net: 'cellular' } })
    await world.clock.pass(5000)
    socket.stalled = true
    socket.bufferedBytes = GATEWAY_BOUNDS.bufferedBytesMax - 1
    const { total, connections, nowMs } = await asked.connections(mod, 0, undefined)
    expect(total).toBe(1)
    expect(connections[0]).toMatchObject({
      user: 'alice',
      client: CLIENT,
      nextS: 240,
      app: '2',
      labels: { platform: 'ios', net: 'cellular' },
      bufferedBytes: GATEWAY_BOUNDS.bufferedBytesMax - 1,
      probe: false,
      copies: [{ space: 'open:1', version: 0, head: 0 }],
    })
    expect(nowMs - (connections[0]?.heardMs ?? 0)).toBe(5000)
  })

  it('in pages, of all or of one user; one that has not said hello is not among them', async () => {
    world.connect()
    for (let n = 0; n < CONNECTIONS_PAGE + 5; n++) await world.greet(n % 100 === 0 ? 'alice' : 'bob', {}, { client: CLIENT })
    const first = await asked.connections(mod, 0, undefined)
    expect([first.total, first.connections.length]).toEqual([CONNECTIONS_PAGE + 5, CONNECTIONS_PAGE])
    const second = await asked.connections(mod, first.next ?? 0, undefined)
    expect([second.connections.length, second.next]).toEqual([5, undefined])
    expect(await asked.connections(mod, 0, 'alice')).toMatchObject({ total: 6, next: undefined })
  })

  it('what a hello says of itself is kept within bounds', async () => {
    const labels = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`label${n}`.padEnd(500, 'x'), 'y'.repeat(500)]))
    await world.greet('alice', {}, { labels, app: 'z'.repeat(500) })
    const { connections } = await asked.connections(mod, 0, undefined)
    expect(JSON.stringify(connections).length).toBeLessThan(2000)
  })
})

describe('spaces', () => {
  it('with their heads and readers, in pages', async () => {
    for (let n = 0; n < SPACES_PAGE + 1; n++) await write(`open:${String(n).padStart(4, '0')}`, 'notes', ['a'])
    await write('open:other', 'notes', ['a'], { tenant: 'zz' })
    await world.greet('alice', { 'open:0001': [0, ''] })
    const first = await asked.spaces(mod, '')
    expect([first.spaces.length, first.next]).toEqual([SPACES_PAGE, `open:0${SPACES_PAGE - 1}`])
    expect(first.spaces[1]).toEqual({ space: 'open:0001', version: 1, commits: 0, readers: 1, logStart: 0, horizon: 0 })
    expect((await asked.spaces(mod, first.next ?? '')).spaces.map(({ space }) => space)).toEqual([`open:0${SPACES_PAGE}`])
  })

  it('the tail of a log is its newest commits, the newest first, as far as they fit', async () => {
    for (let n = 1; n <= TAIL_COMMITS + 10; n++) await write('open:1', 'notes', [`n${n}`])
    const { version, readable, commits } = await asked.log(mod, 'open:1')
    expect([version, readable, commits.length, commits[0]?.version]).toEqual([TAIL_COMMITS + 10, true, TAIL_COMMITS, TAIL_COMMITS + 10])
    expect(commits[0]).toMatchObject({
      byMutation: true,
      more: 0,
      changes: [{ collection: 'notes', does: 'put', id: 'n60', text: '{"put":{"text":"x"}}' }],
    })

    const many = Array.from({ length: 900 }, (_, n) => `m${n}`)
    await write('open:1', 'notes', many)
    await write(
      'open:1',
      'notes',
      many.map((id) => `${id}b`),
      { doc: JSON.stringify({ text: 'x'.repeat(600) }) },
    )
    const wide = await asked.log(mod, 'open:1')
    expect(wide.commits.map(({ version, more }) => [version, more])).toEqual([[62, 900 - TAIL_CHANGES_MAX]])
  })

  it('what the caller may not read is not shown, however much they moderate', async () => {
    await write('hidden:1', 'shown', ['secret-id'])
    await write('mixed:1', 'mine', ['of-alice'])
    await write('mixed:1', 'mine', ['of-mod'], { creator: 'mod' })
    const hidden = await asked.log(mod, 'hidden:1')
    expect(hidden).toMatchObject({ readable: false, commits: [{ changes: [{ collection: 'shown', does: 'put' }] }] })
    expect(JSON.stringify(hidden)).not.toContain('secret')
    const { commits } = await asked.log(mod, 'mixed:1')
    expect(commits.map(({ changes }) => changes[0]?.id)).toEqual(['of-mod', undefined])
    await expect(asked.log(mod, 'nothing:1')).rejects.toThrow(NotFoundError)
  })
})

describe('a user', () => {
  it('has connections, and devices on which they wrote; where there are many devices they are found in several questions', async () => {
    const nowMs = world.clock.nowMs()
    await changelog.write(async (of) => {
      for (let n = 0; n < CLIENTS_LOOKED_AT + 20; n++) {
        await of('default').bindClient(
          `c_${String(n).padStart(22, '0')}`,
          n % 1000 === 0 || n === CLIENTS_LOOKED_AT + 1 ? 'alice' : 'bob',
          nowMs,
        )
      }
      await of('other').bindClient(`c_${'9'.repeat(22)}`, 'alice', nowMs)
    })
    await world.greet('alice', {})
    const first = await asked.user(mod, 'alice', '')
    expect([first.connections.length, first.replicas.length]).toEqual([1, 5])
    expect(first.replicas[0]).toEqual({ client: `c_${'0'.repeat(22)}`, n: 0, seenMs: nowMs })
    const second = await asked.user(mod, 'alice', first.next ?? '')
    expect([second.replicas.length, second.next]).toEqual([2, undefined])
  })
})

describe('what was refused', () => {
  it('is kept with whose it was and why, the newest first, so many at most', async () => {
    for (let n = 0; n <= REFUSALS_KEPT; n++)
      asked.refused('rejected', { tenant: 'default', user: 'bob', space: 'open:1', name: 'refuse', message: `no ${n} ${'x'.repeat(1000)}` })
    const { refused } = await asked.refusals(mod)
    expect(refused).toHaveLength(REFUSALS_KEPT)
    expect(refused[0]).toMatchObject({ user: 'bob', space: 'open:1', name: 'refuse', code: 'rejected', atMs: world.clock.nowMs() })
    expect(refused[0]?.message).toMatch(new RegExp(`^no ${REFUSALS_KEPT} x{100}`))
    expect(refused[0]?.message.length).toBe(200)
  })
})

it('limits are told by the part that holds them', async () => {
  const { groups } = await asked.limits(mod)
  expect(groups.map(({ name }) => name)).toEqual(['http', 'gateway', 'lanes', 'protocol'])
  expect(groups[1]?.limits).toEqual(GATEWAY_BOUNDS)
})
