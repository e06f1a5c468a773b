import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import type { Clock } from '@tidemark/shared'
import type { SeededRandom } from '../simulation/seeded-random.ts'
import { ofSchema, spoilt } from './input.ts'
import { doc } from './sensible.ts'

type Fields = Readonly<Record<string, unknown>>
type Pair = [version: number, seal: string]

/** How often it says something that nobody asked for, in ms. */
const CHATTER_EVERY_MS = 400
const CODES = [
  'bad-request',
  'forbidden',
  'not-found',
  'rate-limited',
  'unavailable',
  'out-of-order',
  'client-conflict',
  'gone',
  'too-large',
  'upgrade-required',
  'internal',
  'token-expired',
  'unauthenticated',
  'a code of tomorrow',
]
const TABLES: Readonly<Record<string, readonly string[]>> = {
  box: ['open', 'own', 'recent'],
  room: ['messages'],
  user: ['chats', 'profile'],
}

/** A server with a history of its own that answers as the protocol has it, and spoils most of what it says. */
export class HostileServer implements Transport {
  /** Frames and answers so far. */
  said = 0
  readonly #clock: Clock
  readonly #chance: SeededRandom
  readonly #user: string
  readonly #acknowledges: boolean
  readonly #at = new Map<string, Pair>()

  /** `acknowledges`: it says of mutations that they are done, of which no other server will ever know. */
  constructor(clock: Clock, chance: SeededRandom, user: string, acknowledges: boolean) {
    this.#acknowledges = acknowledges
    this.#clock = clock
    this.#chance = chance
    this.#user = user
  }

  connect(events: LiveEvents): LiveSocket {
    const chance = this.#chance
    let over = false
    const later = (act: () => void) => this.#clock.after(chance.between(1, 300), () => !over && act())
    const say = (frame: Fields) => later(() => events.frame(this.#text(frame)))
    const chatter = () => {
      if (chance.chance(0.02)) events.closed(chance.pick([1000, 1006, 1009, 4400, 4401, 4403, 4408, 4413, 4426, 4429, 4503, 0]))
      else say(this.#unasked())
      this.#clock.after(CHATTER_EVERY_MS, () => !over && chatter())
    }
    later(() => {
      events.opened()
      chatter()
    })
    return {
      send: (text) => {
        for (const answer of this.#answers(JSON.parse(text) as Fields)) say(answer)
      },
      close: () => {
        over = true
      },
    }
  }

  request({ path }: HttpRequest): Promise<HttpAnswer> {
    const chance = this.#chance
    return new Promise((resolve, reject) => {
      const [, space = '', rest = ''] = /^\/v1\/spaces\/([^/]+)\/(.*)$/.exec(path) ?? []
      const query = new URLSearchParams(rest.split('?')[1])
      const asked: Pair = [Number(query.get('since') ?? 0), query.get('seal') ?? '']
      const id = decodeURIComponent(space)
      const dice = chance.unit()
      // Whoever asks has a deadline.
      if (dice < 0.03) return
      this.#clock.after(chance.between(1, 2000), () => {
        if (dice < 0.06) return reject(new TypeError('fetch failed'))
        const status = dice < 0.8 ? 200 : chance.pick([204, 301, 400, 403, 404, 409, 410, 429, 500, 503])
        const body = status === 200 ? (rest.includes('older') ? this.#older(id) : this.#range(id, asked)) : { error: this.#error() }
        resolve({ status, contentType: chance.chance(0.95) ? 'application/json' : chance.pick(['text/html', '']), text: this.#text(body) })
      })
    })
  }

  #text(value: Fields | null): string {
    this.said++
    // Without a welcome nothing else is heard.
    const text = this.#chance.chance(value?.t === 'welcome' ? 0.85 : 0.4)
      ? JSON.stringify(value)
      : spoilt(value, this.#chance, () => Buffer.from(JSON.stringify(this.#unasked()))).toString()
    return text
  }

  /** What the protocol has it say to a frame. */
  #answers(frame: Fields): Fields[] {
    const chance = this.#chance
    const spaces = Object.entries((frame.spaces ?? {}) as Record<string, Pair>)
    const heads = () => Object.fromEntries(spaces.map(([space]) => [space, this.#head(space)]))
    switch (frame.t) {
      case 'hello':
      case 'follow': {
        for (const [space, at] of spaces) this.#at.set(space, at)
        const first =
          frame.t === 'hello'
            ? { t: 'welcome', user: this.#user, nowMs: this.#clock.nowMs(), heads: heads(), acked: this.#acked() }
            : { t: 'heads', heads: heads(), acked: this.#acked() }
        return [first, ...spaces.map(([space, at]) => ({ t: 'range', ...this.#range(space, at) }))]
      }
      case 'mutate': {
        const mutations = frame.mutations as { readonly n: number; readonly nonce: string; readonly space: string }[]
        const done = chance.chance(0.4) ? chance.between(0, mutations.length) : mutations.length
        const stopped = this.#acknowledges ? done : 0
        const acks = mutations.slice(0, stopped).map(({ n, nonce, space }) => {
          return {
            n,
            nonce,
            ...(chance.chance(0.8) ? { in: { [space]: this.#head(space) + 1 } } : { error: { code: 'rejected', message: 'No.' } }),
          }
        })
        const error = stopped < mutations.length || acks.length === 0 ? { error: { ...this.#error(), n: mutations[stopped]?.n } } : {}
        return [{ t: 'ack', client: frame.client, acks, ...error }]
      }
      case 'beat':
        return [{ t: 'beat', nowMs: this.#clock.nowMs(), sum: chance.between(0, 1e9) }]
      default:
        return []
    }
  }

  #unasked(): Fields {
    const chance = this.#chance
    const spaces = [...this.#at.keys(), 'room:elsewhere']
    const space = chance.pick(spaces)
    const frames: readonly (() => Fields)[] = [
      ...Array.from({ length: 6 }, () => () => ({ t: 'range', ...this.#range(space, this.#at.get(space) ?? [0, '']) })),
      () => ({ t: 'behind', space, head: chance.between(0, 100) }),
      () => ({ t: 'denied', space, error: this.#error() }),
      () => ({ t: 'goaway', afterMs: [chance.between(0, 2000), chance.between(0, 30_000)] }),
      () => ({ t: 'error', error: this.#error() }),
      () => ({ t: 'heads', heads: { [space]: chance.between(0, 100) }, acked: this.#acked() }),
      () => ({ t: 'beat', nowMs: this.#clock.nowMs(), sum: 0 }),
      () => ofSchema('ServerFrame', chance) as Fields,
      () => ({ t: 'said', n: 1 }),
      () => ({ t: 'tomorrow', more: [] }),
    ]
    return chance.pick(frames)()
  }

  /** The next range of a space, which it takes for gone to whom it says it. */
  #range(space: string, [from, on]: Pair): Fields {
    const chance = this.#chance
    const to = from + chance.between(0, 3)
    const seal = to === from ? on : this.#seal()
    const changes = Array.from({ length: to - from }, (_, at) => {
      const place = { v: from + at + 1, c: chance.pick(TABLES[space.split(':', 1)[0] ?? ''] ?? ['open']), id: chance.pick(['a', 'b', 'c']) }
      return chance.pick([
        { ...place, put: doc(chance) },
        { ...place, put: doc(chance), b: chance.between(1, from + 1) },
        { ...place, set: { text: 'other' }, unset: ['n'] },
        { ...place, del: true },
      ])
    })
    this.#at.set(space, [to, seal])
    const head = to + (chance.chance(0.2) ? chance.between(1, 5) : 0)
    return {
      space,
      from,
      on,
      to,
      seal,
      head,
      changes,
      ...(chance.chance(0.1) ? { reset: chance.pick(['history', 'rights', 'horizon']), from: 0 } : {}),
      ...(chance.chance(0.1) ? { compacted: true, floors: { messages: chance.between(0, to) } } : {}),
      ...(chance.chance(0.1) ? { acked: this.#acked() } : {}),
    }
  }

  #older(space: string): Fields {
    const chance = this.#chance
    const [head, seal] = this.#at.get(space) ?? [0, '']
    const docs = Array.from({ length: chance.between(0, 4) }, (_, at) => ({
      v: at + 1,
      c: 'messages',
      id: `o${at}`,
      put: doc(chance),
      b: 1,
    }))
    return { docs, floor: chance.between(0, 5), head, seal }
  }

  #head(space: string): number {
    return (this.#at.get(space)?.[0] ?? 0) + this.#chance.between(0, 2)
  }

  #acked(): [number, string] {
    return this.#chance.chance(0.8) ? [0, ''] : [this.#chance.between(1, 9), '9f86d08188c0ffee']
  }

  /** No server of ours comes to one of these: whoever goes over to it is told so. */
  #seal(): string {
    return `dead${Array.from({ length: 4 }, () => this.#chance.pick([...'0123456789abcdef'])).join('')}`
  }

  #error(): Fields {
    const chance = this.#chance
    return {
      code: chance.pick(CODES),
      message: 'no',
      retryable: chance.chance(0.5),
      ...(chance.chance(0.3) ? { afterMs: chance.pick([0, 1000, 60_000, 1e12, -1]) } : {}),
      ...(chance.chance(0.2) ? { expected: chance.between(0, 9) } : {}),
    }
  }
}
