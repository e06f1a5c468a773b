import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { published } from '../harness/held-to-schema.ts'
import { clientFrame, handshake } from '../harness/raw-socket.ts'
import { arbitraryOf } from '../protocol/arbitrary-of.ts'
import { type SeededRandom, seededRandom } from '../simulation/seeded-random.ts'
import { fieldsNamed, textOf, treeOf } from './json-tree.ts'
import { SQL, TEXTS } from './nasty.ts'
import { FRAMES, hello, REQUESTS, type Request } from './sensible.ts'
import { spoilBytes } from './spoil-bytes.ts'
import { spoilTree } from './spoil-tree.ts'
import { TOKENS_SHOWN } from './words.ts'

/** Something hostile, and where it is handed in. The bytes are all there is to it: they can be sent again. */
export type Input =
  /** A frame on a connection that was greeted, or the first one of a new connection. */
  | { readonly door: 'frame' | 'greeting'; readonly bytes: Buffer; readonly binary: boolean }
  /** A request of HTTP that says how long it is. */
  | { readonly door: 'request'; readonly bytes: Buffer; readonly method: string; readonly path: string }
  /** Whatever a TCP connection may carry. */
  | { readonly door: 'wire'; readonly bytes: Buffer }

/** Of each schema of the wire so many values, drawn once. */
const DRAWN = 200
const BODIES = ['MutationBatch', 'CommitsBody', 'ErrorBody', 'Range', 'ServerFrame'] as const
type Kind = (typeof BODIES)[number] | `Client${string}Frame`
const frameKinds = Object.keys(published.$defs).filter((name): name is Kind => /^Client.+Frame$/.test(name))

function drawn(): ReadonlyMap<Kind, readonly unknown[]> {
  const of = arbitraryOf(published.$defs)
  const draw = (name: Kind, at: number) => fc.sample(of({ $ref: `#/$defs/${name}` }), { seed: at + 1, numRuns: DRAWN })
  return new Map([...frameKinds, ...BODIES].map((name, at) => [name, draw(name, at)]))
}
const pool = drawn()
export const ofSchema = (name: Kind, chance: SeededRandom): unknown => chance.pick(pool.get(name) ?? [])

/** Input number `index` of a seed: the same bytes each time. */
export function inputOf(seed: number, index: number): Input {
  const chance = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  chance.unit()
  const dice = chance.unit()
  if (dice < 0.5) return frame(chance)
  if (dice < 0.6) return greeting(chance)
  if (dice < 0.9) return request(chance)
  return wire(chance)
}

/** Mostly one or two; now and then many. */
const times = (chance: SeededRandom) => chance.pick([1, 1, 1, 2, 2, 3, 8])

/** A fifth stays as it is, so that the state stays worth attacking; a third is spoilt only where anything may stand, and gets past every schema. */
export function spoilt(value: unknown, chance: SeededRandom, other: () => Buffer): Buffer {
  const dice = chance.unit()
  if (dice < 0.2) return Buffer.from(JSON.stringify(value))
  if (dice < 0.45) return spoilBytes(Buffer.from(JSON.stringify(value)), chance.pick([1, 1, 2, 5]), chance, other())
  const tree = treeOf(value)
  const soft = dice < 0.8 ? fieldsNamed(tree, ANYTHING) : []
  if (soft.length === 0) return Buffer.from(textOf(spoilTree(tree, times(chance), chance)))
  const place = chance.pick(soft)
  place.put(spoilTree(place.tree, times(chance), chance))
  return Buffer.from(textOf(tree))
}

/** Fields whose value the first reading of a frame or body does not look into. */
const ANYTHING: readonly string[] = ['args', 'doc', 'set', 'body', 'append']

/** Those that reach furthest come most often. */
const FRAMES_OFTEN = [...Object.values(FRAMES), ...Array.from({ length: 6 }, () => FRAMES.mutate), FRAMES.follow, FRAMES.follow]
const goodFrame = (chance: SeededRandom): unknown =>
  chance.chance(0.2) ? ofSchema(chance.pick(frameKinds), chance) : chance.pick(FRAMES_OFTEN)(chance)

function frame(chance: SeededRandom): Input {
  const value = goodFrame(chance)
  const bytes = spoilt(value, chance, () => Buffer.from(JSON.stringify(goodFrame(chance))))
  return { door: 'frame', bytes, binary: chance.chance(0.01) }
}

function greeting(chance: SeededRandom): Input {
  const value = chance.chance(0.2) ? ofSchema('ClientHelloFrame', chance) : { ...hello(chance), ...shownToken(chance) }
  return { door: 'greeting', bytes: spoilt(value, chance, () => Buffer.from(JSON.stringify(hello(chance)))), binary: chance.chance(0.01) }
}

const shownToken = (chance: SeededRandom) => (chance.chance(0.3) ? { token: chance.pick(TOKENS_SHOWN) } : {})

/** What an HTTP parser takes as one header line, whatever it is. */
const oneLine = (text: string) => ['\r', '\n', '\0'].reduce((line, mark) => line.replaceAll(mark, ' '), text)
const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ['Content-Type', 'text/plain; charset=utf-16'],
  ['Content-Type', 'multipart/form-data; boundary=x'],
  ['Content-Encoding', 'gzip'],
  ['Content-Encoding', 'deflate, br'],
  ['Accept-Encoding', 'gzip;q=x,,;, br;q=9'],
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['X-Forwarded-For', '1.2.3.4, ::1, __proto__, 999.1.1.1'],
  ['Idempotency-Key', '"'],
  ['If-None-Match', 'W/"a", *'],
  ['Range', 'bytes=0-0,-1'],
  ['Expect', '100-continue'],
  ['Upgrade', 'h2c'],
  ['Cookie', '__proto__=1; a=b'],
  ['Host', 'evil.example:99999'],
  ['Transfer-Encoding', 'identity'],
]

function request(chance: SeededRandom): Input {
  const { door, bytes, method, path } = requestOf(chance, true)
  return { door, bytes, method, path }
}

function encoded(part: string, chance: SeededRandom): string {
  const whole = chance.chance(0.9) ? encodeURIComponent(part.toWellFormed()) : part.replaceAll(/[^!-~]/g, '%')
  // Escapes that are none.
  return chance.chance(0.05)
    ? whole + chance.pick(['%', '%f', '%ff', '%00', '%c0%af', '%ud800', '+', ';', '//', '/..', '?', '#', '&a=b'])
    : whole
}

const HELD = /"waitS":\s*[0-9.eE+-]+/g

const nastyText = (chance: SeededRandom) => chance.pick(chance.chance(0.4) ? SQL : TEXTS)
const shuffledOne = <T>(items: readonly T[], chance: SeededRandom, change: (item: T) => T): T[] => {
  const at = chance.between(0, items.length - 1)
  return items.map((item, place) => (place === at ? change(item) : item))
}

const { pull, older, mutations, commits, poll } = REQUESTS
const REQUESTS_OFTEN = [...Object.values(REQUESTS), poll, pull, pull, older, mutations, mutations, commits, commits]

function requestOf(chance: SeededRandom, isSpoilt: boolean): Extract<Input, { door: 'request' }> {
  let good: Request = chance.pick(REQUESTS_OFTEN)(chance)
  let body: Buffer = good.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(good.body))
  if (isSpoilt) {
    if (good.body !== undefined) {
      const value = chance.chance(0.15) ? ofSchema(chance.pick(BODIES), chance) : good.body
      body = spoilt(value, chance, () => Buffer.from(JSON.stringify(good.body)))
      // A poll that may be held is held: that is no stall.
      body = Buffer.from(body.toString('latin1').replace(HELD, '"waitS":0'), 'latin1')
      if (chance.chance(0.03)) {
        body = chance.chance(0.5) ? gzipSync(Buffer.alloc(1_000_000, '[')) : gzipSync(body)
        good = { ...good, headers: [...good.headers, ['Content-Encoding', chance.pick(['gzip', 'GZIP', 'identity, gzip', 'deflate'])]] }
      }
    }
    const nasty = () => nastyText(chance)
    if (chance.chance(0.2)) good = { ...good, query: shuffledOne(good.query, chance, ([name]) => [name, nasty()]) }
    if (chance.chance(0.1)) good = { ...good, query: [...good.query, ...good.query, [nasty(), nasty()]] }
    if (chance.chance(0.1)) good = { ...good, path: shuffledOne(good.path, chance, nasty) }
    if (chance.chance(0.1)) good = { ...good, headers: shuffledOne(good.headers, chance, ([name]) => [name, nasty()]) }
    if (chance.chance(0.1))
      good = { ...good, headers: [['Authorization', `Bearer ${chance.pick(TOKENS_SHOWN)}`], ...good.headers.slice(1)] }
    if (chance.chance(0.15)) good = { ...good, headers: [...good.headers, chance.pick(ODD_HEADERS)] }
    if (chance.chance(0.05)) good = { ...good, method: chance.pick(['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'TRACE', 'QUERY']) }
  }
  const asked = good.query.map(([name, value]) => `${encoded(name, chance)}=${encoded(value, chance)}`).join('&')
  const path = `/${good.path.map((part) => encoded(part, chance)).join('/')}${asked === '' ? '' : `?${asked}`}`
  const lines = [
    `${good.method} ${path} HTTP/1.1`,
    ...(good.headers.some(([name]) => name === 'Host') ? [] : ['Host: 127.0.0.1']),
    'Connection: close',
    ...good.headers.map(([name, value]) => `${name}: ${oneLine(value)}`),
    ...(body.length > 0 || good.body !== undefined ? [`Content-Length: ${body.length}`] : []),
  ]
  const bytes = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body])
  return { door: 'request', bytes, method: good.method, path }
}

/** One byte more, and it might be held. */
function unlessPoll(made: () => Extract<Input, { door: 'request' }>): Extract<Input, { door: 'request' }> {
  const input = made()
  return input.path === '/v1/poll' ? unlessPoll(made) : input
}

function wire(chance: SeededRandom): Input {
  const upgrade = () =>
    Buffer.concat([
      Buffer.from(handshake()),
      clientFrame(JSON.stringify(hello(chance))),
      ...Array.from({ length: chance.between(0, 3) }, () =>
        clientFrame(JSON.stringify(goodFrame(chance)), { opcode: chance.pick([0, 1, 1, 1, 2, 8, 9, 10, 3, 15]), fin: chance.chance(0.9) }),
      ),
    ])
  const whole = () => (chance.chance(0.5) ? upgrade() : unlessPoll(() => requestOf(chance, false)).bytes)
  return { door: 'wire', bytes: spoilBytes(whole(), chance.pick([1, 1, 2, 3, 10]), chance, whole()) }
}
