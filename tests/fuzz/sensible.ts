import type { SeededRandom } from '../simulation/seeded-random.ts'
import { API_KEY, COLLECTIONS, IDS, SPACES, TOKEN } from './words.ts'

/** What a client that means well would send: frames and bodies that get past every schema, into whatever lies behind. */

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const text = (chance: SeededRandom) => chance.pick(['hi', 'x'.repeat(2000), '你好', '😀', 'a b', "'; --"])
const hex = (chance: SeededRandom, digits: number) => Array.from({ length: digits }, () => chance.pick([...'0123456789abcdef'])).join('')

/** Mostly somebody new, whose mutations begin at 1; now and then one that everybody shares. */
export function client(chance: SeededRandom): string {
  return chance.chance(0.1) ? `c_${'A'.repeat(22)}` : `c_${Array.from({ length: 22 }, () => chance.pick([...BASE64URL])).join('')}`
}

const seal = (chance: SeededRandom) =>
  chance.pick(['', '00000000', hex(chance, 8), `${hex(chance, 8)}-${hex(chance, 4)}`, `${hex(chance, 8)}~1.2.0`])

/** Where copies say they stand; mostly at the beginning, where any server can follow them. */
export function standings(chance: SeededRandom): Record<string, [number, string]> {
  const many = chance.chance(0.02) ? chance.between(100, 1200) : chance.between(0, 3)
  return Object.fromEntries(
    Array.from({ length: many }, (_, n) => {
      const space = many > 3 ? `room:r${n}` : chance.pick(SPACES)
      return [space, chance.chance(0.6) ? [0, ''] : [chance.between(0, 50), seal(chance)]]
    }),
  )
}

/** Lanes of the live stage, and others. */
const lanes = (chance: SeededRandom) =>
  chance.chance(0.3)
    ? {
        lanes: {
          [chance.pick([...SPACES, 'live:1'])]: { [chance.pick(['danmu', 'presence', 'cellar'])]: chance.pick([0, 1_763_596_800_000]) },
        },
      }
    : {}

export const doc = (chance: SeededRandom): Record<string, unknown> =>
  chance.pick([
    { text: text(chance), n: chance.between(-5, 5), list: [1, 'a', null], deep: { a: { b: [] } } },
    { text: text(chance), author: 'fuzzer', sentAtMs: 1 },
    { name: text(chance) },
    {},
  ])

export function write(chance: SeededRandom): { space: string; name: string; args: object } {
  const space = chance.pick(SPACES)
  const [c, id] = [chance.pick(COLLECTIONS), chance.pick(IDS)]
  const writes: readonly (() => { space: string; name: string; args: object })[] = [
    () => ({ space: 'room:a', name: 'send', args: { id: hex(chance, 8), text: text(chance) } }),
    () => ({ space: 'user:fuzzer', name: 'join', args: { room: id, title: text(chance) } }),
    () => ({ space: 'user:fuzzer', name: 'markRead', args: { room: id, to: chance.between(0, 9) } }),
    () => ({ space: 'box:a', name: 'put', args: { c: 'open', id, doc: doc(chance) } }),
    () => ({ space, name: 'put', args: { c, id, doc: doc(chance) } }),
    () => ({
      space: 'box:a',
      name: 'patch',
      args: {
        c: 'open',
        id,
        set: doc(chance),
        unset: [chance.pick(IDS)],
        inc: { n: chance.pick([1, -1, 0.5, 1e308]) },
        append: { list: [1, {}] },
        remove: { list: ['a'] },
      },
    }),
    () => ({ space, name: 'delete', args: { c, id } }),
    () => ({ space: 'box:b', name: 'note', args: { id, body: doc(chance) } }),
    () => ({ space: 'box:b', name: 'many', args: { count: chance.pick([0, 1, 50, 1000, 1001]), stem: 'm' } }),
    () => ({ space: 'box:b', name: 'both', args: { other: chance.pick(SPACES), id } }),
    () => ({ space, name: chance.pick(['nothing', 'toString', '__proto__', 'put']), args: {} }),
  ]
  return chance.pick(writes)()
}

/** A batch of somebody's first mutations. */
export function batch(chance: SeededRandom): { client: string; on: string; mutations: object[] } {
  const first = chance.chance(0.9) ? 1 : chance.between(2, 5)
  const many = chance.chance(0.02) ? 100 : chance.between(1, 3)
  return {
    client: client(chance),
    on: first === 1 ? '' : hex(chance, 16),
    mutations: Array.from({ length: many }, (_, at) =>
      chance.chance(0.05)
        ? { n: first + at, nonce: hex(chance, 16), void: true }
        : { n: first + at, nonce: hex(chance, 16), ...write(chance), madeMs: 1_763_596_800_000 },
    ),
  }
}

export function hello(chance: SeededRandom): object {
  return {
    t: 'hello',
    client: client(chance),
    token: TOKEN,
    spaces: standings(chance),
    nextS: chance.pick([1, 60, 3600, 1e9]),
    app: '1',
    ...lanes(chance),
    ...(chance.chance(0.2) ? { probe: chance.chance(0.5) } : {}),
    ...(chance.chance(0.2) ? { labels: { kind: 'phone', [chance.pick(IDS)]: 'x' } } : {}),
  }
}

export const FRAMES = {
  hello,
  follow: (chance) => ({ t: 'follow', spaces: { ...standings(chance), 'live:1': [0, ''] }, ...lanes(chance) }),
  unfollow: (chance) => ({
    t: 'unfollow',
    spaces: [chance.pick(SPACES), chance.pick(SPACES)],
    ...(chance.chance(0.3) ? { lanes: { 'live:1': ['danmu'] } } : {}),
  }),
  mutate: (chance) => ({ t: 'mutate', ...batch(chance) }),
  beat: (chance) => ({ t: 'beat', nextS: chance.pick([1, 60, 240, 3600, 1e9]) }),
  auth: () => ({ t: 'auth', token: TOKEN }),
  say: (chance) => ({ t: 'say', space: 'live:1', lane: 'danmu', n: chance.between(0, 9), body: doc(chance) }),
} satisfies Record<string, (chance: SeededRandom) => object>

export interface Request {
  readonly method: string
  /** Parts between slashes, neither encoded nor joined yet. */
  readonly path: readonly string[]
  readonly query: readonly (readonly [name: string, value: string])[]
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body?: object
}

const asUser: [string, string] = ['Authorization', `Bearer ${TOKEN}`]
const asJson: [string, string] = ['Content-Type', 'application/json']

function query(chance: SeededRandom, of: Readonly<Record<string, readonly string[]>>): [string, string][] {
  return Object.entries(of).flatMap(([name, values]) => (chance.chance(0.7) ? [[name, chance.pick(values)] as [string, string]] : []))
}

const LIMITS = ['1', '2', '1000', '10000', '99999']

export const REQUESTS = {
  pull: (chance) => ({
    method: 'GET',
    path: ['v1', 'spaces', chance.pick(SPACES), 'changes'],
    query: [
      ['since', chance.pick(['0', '0', '1', '7', '9007199254740991'])],
      ...query(chance, { seal: ['', seal(chance)], limit: LIMITS, window: ['default', 'all'], client: [client(chance)] }),
    ],
    headers: [asUser, ...(chance.chance(0.3) ? [['Accept-Encoding', chance.pick(['gzip', 'br', 'zstd', 'gzip;q=0, *'])] as const] : [])],
  }),
  older: (chance) => ({
    method: 'GET',
    path: ['v1', 'spaces', chance.pick(SPACES), 'collections', chance.pick(COLLECTIONS), 'older'],
    query: [['before', chance.pick(['0', '1', '100', '9007199254740991'])], ...query(chance, { limit: LIMITS })],
    headers: [asUser],
  }),
  mutations: (chance) => ({ method: 'POST', path: ['v1', 'mutations'], query: [], headers: [asUser, asJson], body: batch(chance) }),
  poll(chance) {
    const { t: _, token: _inTheHeader, ...said } = hello(chance) as Record<string, unknown>
    return { method: 'POST', path: ['v1', 'poll'], query: [], headers: [asUser, asJson], body: { ...said, waitS: 0 } }
  },
  commits: (chance) => ({
    method: 'POST',
    path: ['v1', 'commits'],
    query: [],
    headers: [
      ['Authorization', `Bearer ${API_KEY}`],
      asJson,
      ...(chance.chance(0.3) ? [['Idempotency-Key', `key-${chance.between(0, 999)}`] as const] : []),
    ],
    body: {
      commits: Array.from({ length: chance.between(1, 3) }, () => ({
        ...(chance.chance(0.5) ? { key: `key-${chance.between(0, 999)}` } : {}),
        ...(chance.chance(0.5) ? { user: chance.pick(['alice', 'fuzzer']) } : {}),
        mutations: Array.from({ length: chance.between(1, 3) }, () => write(chance)),
      })),
    },
  }),
  'development token': (chance) => ({
    method: 'POST',
    path: ['v1', 'dev', 'token'],
    query: [],
    headers: [asJson],
    body: { user: chance.pick(['alice', 'fuzzer', 'x'.repeat(129)]) },
  }),
  'what is not built': (chance) => ({
    method: chance.pick(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS']),
    path: chance.pick([
      ['v1', 'spaces', 'room:a', 'lanes', 'danmu'],
      ['v1', 'spaces', 'room:a', 'ranges', '0..2-00000000'],
      ['v1', 'push', 'device'],
      ['v1', 'connect'],
      ['v2', 'mutations'],
      ['healthz'],
      ['readyz'],
      ['metrics'],
      [],
    ]),
    query: [],
    headers: [asUser],
  }),
} satisfies Record<string, (chance: SeededRandom) => Request>
