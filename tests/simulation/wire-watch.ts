import type { ClientFrame, ServerFrame } from '@tidemark/shared'
import { type Node, START_MS } from './scheduler.ts'
import { endOf } from './token-issuer.ts'

const MINUTE_MS = 60_000
/** An answer that names what is expected ends the matter: asked by several frames at most, some of which come twice. */
const SAME_ANSWERS_MAX = 6
/** A copy that does not move states its number to the same connection so often within a minute: beats, losses in a row, a pull, a storage that fails. */
const SAME_STATEMENTS_MAX = 12
/** A tab connects so often within a minute where every attempt fails at once: pauses of 4 s on the average in front, and hints. */
const CONNECTS_MAX = 30
/** What tabs tell each other is rounded by so much, and read against another clock. */
const ROUNDED_MS = 1
/** The longest that anybody stays away. */
const AWAY_MAX_MS = 3_600_000
/** A connection outlives its token by the grace of the gateway, and what was read when it ended still leaves, in ms. */
const TOKEN_GRACE_MS = 31_000
/** For so long a frame is under way at most, in ms, where nothing but the delay of the network holds it. */
const UNDER_WAY_MS = 6000
/** What was read before something was taken back is sent within this, in ms: the deadline of a unit of the storage, and more. */
const READ_BEFORE_MS = 20_000

export interface WireWatchPorts {
  nowMs(): number
  /** When the device of a tab took back a mutation that it still has pending, in ms. */
  takenBackMs(tab: Node, nonce: string): number | undefined
  fail(oracle: string, message: string): void
}

/** What was said on one connection. */
interface Said {
  /** By client id and number: how often the server said that this number is next. */
  readonly expected: Map<string, number>
  /** By space: what was stated last, and when. */
  readonly stated: Map<string, { standing: string; atMs: number[] }>
  /** When the last of the tokens that it showed ends, in ms since the epoch. */
  tokenEndsMs: number
}

/** Looks at every frame as it is sent, and tells of those that lead nowhere: the same said again and again, by whichever end. */
export class WireWatch {
  readonly #ports: WireWatchPorts
  readonly #said = new WeakMap<object, Said>()
  readonly #connects = new WeakMap<Node, number[]>()
  /** Until when a tab was told to stay away. */
  readonly #awayUntilMs = new WeakMap<Node, number>()
  /** By nonce, when a mutation was sent last as a whole, in ms. */
  readonly #sentMs = new Map<string, number>()
  /** Mutations that were on their way when the server was set back: it may do what it would have refused before, and they may go on elsewhere. */
  readonly overtaken = new Set<string>()
  /** How often the server was set back: what it expects then is another thing. */
  #restores = 0

  constructor(ports: WireWatchPorts) {
    this.#ports = ports
  }

  setBack(): void {
    this.#restores++
    const { nowMs } = this.#ports
    for (const [nonce, sentMs] of this.#sentMs) if (nowMs() - sentMs <= UNDER_WAY_MS) this.overtaken.add(nonce)
  }

  /** [P7] [B7] Whoever cannot connect tries again later and later. */
  connects(tab: Node): void {
    const nowMs = this.#ports.nowMs()
    const recent = [...(this.#connects.get(tab) ?? []).filter((atMs) => atMs > nowMs - MINUTE_MS), nowMs]
    this.#connects.set(tab, recent)
    const awayMs = (this.#awayUntilMs.get(tab) ?? 0) - nowMs
    if (awayMs > ROUNDED_MS) this.#ports.fail('stays away', `${tab.name} connects ${awayMs} ms before it was asked to`)
    if (recent.length === CONNECTS_MAX + 1) this.#ports.fail('settles', `${tab.name} connects ${recent.length} times a minute`)
  }

  /** [B11] Who was told when to come comes no sooner, whatever became of it meanwhile. */
  heard(tab: Node, text: string): void {
    if (!text.startsWith('{"t":"goaway"')) return
    const { afterMs } = JSON.parse(text) as Extract<ServerFrame, { t: 'goaway' }>
    if (afterMs) this.#awayUntilMs.set(tab, this.#ports.nowMs() + afterMs[0])
  }

  /** By a tab that it follows, which waits for so long. */
  heardOf(tab: Node, awayMs: number): void {
    this.#awayUntilMs.set(tab, this.#ports.nowMs() + Math.min(awayMs, AWAY_MAX_MS))
  }

  /** `connection`: any object that stands for it. */
  sent(sender: 'client' | 'server', connection: object, tab: Node, text: string): void {
    if (sender === 'server') {
      if (text.startsWith('{"t":"ack"') && text.includes('"out-of-order"')) this.#expects(connection, tab, text)
      else if (text.startsWith('{"t":"range"')) this.#allowed(connection, tab)
    } else if (text.startsWith('{"t":"follow"')) this.#states(connection, tab, text)
    else if (text.startsWith('{"t":"mutate"')) this.#mutates(tab, text)
    else if (text.startsWith('{"t":"hello"') || text.startsWith('{"t":"auth"')) {
      const said = this.#of(connection)
      const { token } = JSON.parse(text) as Extract<ClientFrame, { t: 'auth' }>
      said.tokenEndsMs = Math.max(said.tokenEndsMs, endOf(token))
    }
  }

  /** [B9] A connection outlives its token by a little. */
  #allowed(connection: object, tab: Node): void {
    const overMs = START_MS + this.#ports.nowMs() - this.#of(connection).tokenEndsMs
    if (overMs > TOKEN_GRACE_MS) this.#ports.fail('rights', `${tab.name} is sent a range ${overMs} ms after its token ended`)
  }

  /** [M3] What is expected is said once, and sent. */
  #expects(connection: object, tab: Node, text: string): void {
    const { client, error } = JSON.parse(text) as { client: string; error: { expected?: number } }
    const { expected } = this.#of(connection)
    const key = `${client} ${error.expected} ${this.#restores}`
    const count = (expected.get(key) ?? 0) + 1
    expected.set(key, count)
    if (count === SAME_ANSWERS_MAX + 1) this.#ports.fail('settles', `${tab.name} was told ${count} times that ${error.expected} is next`)
  }

  /** Of what was taken back nothing but its number is sent. */
  #mutates(tab: Node, text: string): void {
    for (const mutation of (JSON.parse(text) as Extract<ClientFrame, { t: 'mutate' }>).mutations) {
      if ('void' in mutation) continue
      this.#sentMs.set(mutation.nonce, this.#ports.nowMs())
      const sinceMs = this.#ports.takenBackMs(tab, mutation.nonce) ?? Number.POSITIVE_INFINITY
      if (this.#ports.nowMs() > Math.max(sinceMs, tab.frozenUntilMs) + READ_BEFORE_MS)
        this.#ports.fail('taken back', `${tab.name} sends ${mutation.nonce}, which was taken back at ${sinceMs} ms`)
    }
  }

  /** [R4] A copy that stands still states that seldom. */
  #states(connection: object, tab: Node, text: string): void {
    const { stated } = this.#of(connection)
    const nowMs = this.#ports.nowMs()
    for (const [space, at] of Object.entries((JSON.parse(text) as Extract<ClientFrame, { t: 'follow' }>).spaces)) {
      const standing = at.join()
      const before = stated.get(space)
      const atMs = before?.standing === standing ? before.atMs.filter((ms) => ms > nowMs - MINUTE_MS) : []
      atMs.push(nowMs)
      stated.set(space, { standing, atMs })
      if (atMs.length === SAME_STATEMENTS_MAX + 1)
        this.#ports.fail('settles', `${tab.name} states ${standing} of ${space} ${atMs.length} times a minute`)
    }
  }

  #of(connection: object): Said {
    const said = this.#said.get(connection) ?? { expected: new Map(), stated: new Map(), tokenEndsMs: 0 }
    this.#said.set(connection, said)
    return said
  }
}
