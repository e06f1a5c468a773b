import { randomBytes } from 'node:crypto'
import { type BareClient, connectBare, type Frame } from './bare-client.ts'
import { holdAnswer } from './held-to-schema.ts'
import { devToken } from './server-process.ts'
import { WireCopy, type WireRange } from './wire-copy.ts'

/** Somebody who has read the protocol's page and nothing else: numbers, nonces, copies and sums are made here, from the page. */
export interface WireAck {
  readonly n: number
  readonly nonce: string
  readonly in?: Readonly<Record<string, number>>
  readonly error?: WireError
}

export interface WireError {
  readonly code: string
  readonly message: string
  readonly retryable: boolean
  readonly n?: number
  readonly expected?: number
  readonly afterMs?: number
}

export interface WireAnswer {
  readonly acks: readonly WireAck[]
  readonly error?: WireError
}

export interface WireMutation {
  readonly n: number
  readonly nonce: string
  readonly [field: string]: unknown
}

export interface WireBatch {
  readonly client: string
  readonly on: string
  readonly mutations: readonly { readonly n: number; readonly [field: string]: unknown }[]
}

export const newClientId = (): string => `c_${randomBytes(16).toString('base64url')}`
export const newNonce = (): string => randomBytes(8).toString('hex')
let made = 0
/** A name that no other test of the file uses. */
export function fresh(stem: string): string {
  made += 1
  return `${stem}-${made}`
}

/** The mutations of one client id, numbered and chained as §6 wants them. */
export class WireOutbox {
  readonly client: string
  #n = 0
  #on = ''

  constructor(client = newClientId()) {
    this.client = client
  }

  next(space: string, name: string, args: unknown, fields: object = {}): WireMutation {
    this.#n += 1
    return { n: this.#n, nonce: newNonce(), space, name, args, madeMs: 1_763_596_800_000, ...fields }
  }

  /** A batch of these, standing on what the batch before it ended with. */
  batch(...mutations: readonly WireMutation[]): WireBatch & { readonly mutations: readonly WireMutation[] } {
    const on = this.#on
    this.#on = mutations.at(-1)?.nonce ?? on
    return { client: this.client, on, mutations }
  }
}

const tokens = new Map<string, Promise<string>>()
export function tokenOf(url: string, user: string): Promise<string> {
  const key = `${url} ${user}`
  const token = tokens.get(key) ?? devToken(url, user)
  tokens.set(key, token)
  return token
}

export interface HttpAnswer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
}

/** GET or, with a body, POST, as this user, held against the published schema; `user: null` sends no token. */
export async function http<Body>(
  url: string,
  user: string | null,
  path: string,
  { body, headers = {}, method }: { body?: unknown; headers?: Record<string, string>; method?: string } = {},
): Promise<HttpAnswer<Body>> {
  const answer = await fetch(`${url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(user === null ? {} : { authorization: `Bearer ${await tokenOf(url, user)}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  let parsed: unknown = text
  try {
    parsed = JSON.parse(text)
  } catch {}
  holdAnswer(method ?? (body === undefined ? 'GET' : 'POST'), path, answer.status, parsed)
  return { status: answer.status, headers: answer.headers, body: parsed as Body }
}

export interface PullQuery {
  readonly since?: number | string
  readonly seal?: string
  readonly limit?: number | string
  readonly window?: string
  readonly client?: string
}

export function pull<Body = WireRange>(url: string, user: string, space: string, query: PullQuery = {}): Promise<HttpAnswer<Body>> {
  const search = new URLSearchParams({ since: '0' })
  for (const [name, value] of Object.entries(query)) search.set(name, String(value))
  return http(url, user, `/v1/spaces/${encodeURIComponent(space)}/changes?${search}`)
}

/** Pages to the head; each page stands on the one before. */
export async function pullAll(
  url: string,
  user: string,
  space: string,
  limit?: number,
  window?: 'all',
): Promise<{ copy: WireCopy; pages: WireRange[] }> {
  const copy = new WireCopy()
  const pages: WireRange[] = []
  for (;;) {
    const { status, body } = await pull(url, user, space, {
      since: copy.version,
      ...(copy.version > 0 ? { seal: copy.seal } : {}),
      ...(limit === undefined ? {} : { limit }),
      ...(window === undefined ? {} : { window }),
    })
    if (status !== 200) throw new Error(`a pull of ${space}: ${status} ${JSON.stringify(body)}`)
    pages.push(body)
    const rule = copy.take(body)
    if (rule !== 'R1' && rule !== 'R2')
      throw new Error(`a pulled page of ${space} does not fit: ${rule} ${JSON.stringify(body).slice(0, 500)}`)
    if (body.to >= body.head) return { copy, pages }
  }
}

export class WirePeer {
  readonly user: string
  readonly socket: BareClient
  readonly outbox: WireOutbox
  readonly copies = new Map<string, WireCopy>()
  /** What the rule said of each range that came, in order. */
  readonly judged: { readonly rule: string; readonly range: WireRange }[] = []
  #read = 0

  constructor(user: string, socket: BareClient, outbox: WireOutbox) {
    this.user = user
    this.socket = socket
    this.outbox = outbox
  }

  /** Frames that came since the last look go to their copies, once. */
  #look(): void {
    for (; this.#read < this.socket.frames.length; this.#read++) {
      const frame = this.socket.frames[this.#read] as Frame
      const ends = frame.t === 'behind' || frame.t === 'denied'
      if (ends) this.copies.delete(frame.space as string)
      if (frame.t !== 'range') continue
      const range = frame as unknown as WireRange
      const copy = this.copies.get(range.space)
      if (copy) this.judged.push({ rule: copy.take(range), range })
    }
  }

  /** The first frame from `mark` on that fits; `mark` is `this.mark()` from before what causes it. */
  async after(mark: number, fits: (frame: Frame) => boolean, withinMs?: number): Promise<Frame> {
    const found = await this.socket.expect((frame) => this.socket.frames.indexOf(frame, mark) >= mark && fits(frame), withinMs)
    this.#look()
    return found
  }

  mark(): number {
    return this.socket.frames.length
  }

  /** Sends and waits for the first frame of this type after it. */
  async ask(frame: object, ...types: readonly string[]): Promise<Frame> {
    const mark = this.mark()
    this.socket.send(frame)
    return await this.after(mark, ({ t }) => types.includes(t))
  }

  /** Sends a `follow` that states where each copy stands. Waits for its `heads`. */
  async follow(...spaces: readonly string[]): Promise<Frame> {
    const heads = await this.ask({ t: 'follow', spaces: this.state(...spaces) }, 'heads')
    this.#look()
    return heads
  }

  /** `spaces` as `hello` and `follow` want them; a space that is new here begins at 0. */
  state(...spaces: readonly string[]): Record<string, [number, string]> {
    return Object.fromEntries(
      spaces.map((space) => {
        const copy = this.copies.get(space) ?? new WireCopy()
        this.copies.set(space, copy)
        return [space, [copy.version, copy.seal]]
      }),
    )
  }

  async reaches(space: string, version: number): Promise<WireCopy> {
    await this.socket.expect(() => {
      this.#look()
      return (this.copies.get(space)?.version ?? -1) >= version
    })
    return this.copies.get(space) as WireCopy
  }

  /** One mutation, its ack awaited. A whole answer with an `error` throws. */
  async mutate(space: string, name: string, args: unknown): Promise<WireAck> {
    const { acks, error } = await this.send(this.outbox.next(space, name, args))
    if (error) throw new Error(`the batch was stopped: ${JSON.stringify(error)}`)
    return acks[0] as WireAck
  }

  async send(...mutations: readonly WireMutation[]): Promise<WireAnswer> {
    return await this.sendBatch(this.outbox.batch(...mutations))
  }

  /** Waits for the answer to this batch, also where others are under way; an `error` frame ends the wait too. */
  async sendBatch(batch: WireBatch): Promise<WireAnswer> {
    const mark = this.mark()
    this.socket.send({ t: 'mutate', ...batch })
    const first = batch.mutations[0]?.n
    const answers = ({ acks, error }: WireAnswer) =>
      first === undefined || acks[0]?.n === first || (acks.length === 0 && error?.n === first)
    const answer = await this.after(
      mark,
      (frame) => frame.t === 'error' || (frame.t === 'ack' && frame.client === batch.client && answers(frame as unknown as WireAnswer)),
    )
    return answer as unknown as WireAnswer
  }

  /** The number in the answer to a beat sent now, and the one that this peer's copies add up to when it comes. */
  async beat(): Promise<{ theirs: number; mine: number; nowMs: number }> {
    const { sum, nowMs } = await this.ask({ t: 'beat', nextS: 60 }, 'beat')
    this.#look()
    return { theirs: sum as number, mine: this.sum(), nowMs: nowMs as number }
  }

  sum(): number {
    return [...this.copies.values()].reduce((sum, { term }) => sum + term, 0)
  }

  close(): void {
    this.socket.close()
  }
}

export interface ConnectOptions {
  readonly follow?: readonly string[]
  readonly outbox?: WireOutbox
  /** More fields of the hello, or other ones. */
  readonly hello?: Record<string, unknown>
}

/** Connected and greeted; the welcome is its first frame. */
export async function connectPeer(url: string, user: string, { follow = [], outbox, hello }: ConnectOptions = {}): Promise<WirePeer> {
  const peer = new WirePeer(user, await connectBare(url), outbox ?? new WireOutbox())
  peer.socket.send({
    t: 'hello',
    client: peer.outbox.client,
    token: await tokenOf(url, user),
    spaces: peer.state(...follow),
    nextS: 60,
    app: '1',
    ...hello,
  })
  await peer.socket.expect(({ t }) => t === 'welcome')
  return peer
}
