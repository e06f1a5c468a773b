import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { type BareClient, connectBare } from '../harness/bare-client.ts'
import { newClientId, newNonce, type WireAck, type WireAnswer, type WireMutation } from '../harness/wire-peer.ts'

const BATCH_MAX = 8
/** Batches under way at a time: the second stands on the first before that is answered. */
const UNDER_WAY = 2

export const SPACES = ['room:a', 'room:b'] as const
const KINDS = ['note', 'note', 'count', 'move', 'refuse'] as const

export interface Made extends WireMutation {
  readonly space: string
  readonly name: (typeof KINDS)[number]
  readonly args: { readonly id: string }
}

/**
 * A client that makes mutations without end, sends what it has no ack for again after each connect, same numbers, same nonces, and
 * remembers every ack. Throws where the server contradicts itself.
 */
export class InsistentWriter {
  readonly user: string
  readonly client = newClientId()
  readonly made: Made[] = []
  readonly acks = new Map<number, WireAck>()
  #socket: BareClient | undefined

  constructor(user: string) {
    this.user = user
  }

  get pending(): number {
    return this.made.length - this.acks.size
  }

  async connect(url: string, token: string): Promise<void> {
    this.#socket = await connectBare(url)
    this.#socket.send({ t: 'hello', client: this.client, token, spaces: {}, nextS: 60, app: '1' })
    const { acked } = await this.#socket.expect(({ t }) => t === 'welcome')
    const [n, nonce] = acked as [number, string]
    // What was acknowledged is done; more may be, whose ack was lost.
    if (n < this.acks.size) throw new Error(`${this.user} has ${this.acks.size} acks, and the server knows ${n} mutations`)
    if (nonce !== this.#nonceOf(n)) throw new Error(`${this.user}'s mutation ${n} has another nonce on the server`)
  }

  /** Makes and sends until the connection ends, or until all is acknowledged once `stop` says so. */
  async write(stop: () => boolean): Promise<void> {
    for (let sent = this.acks.size; ; ) {
      const under: Promise<WireAnswer | undefined>[] = []
      while (under.length < UNDER_WAY && (sent < this.made.length || !stop())) {
        const count = randomInt(1, BATCH_MAX + 1)
        while (!stop() && this.made.length < sent + count) this.#make()
        under.push(this.#send(this.made.slice(sent, sent + count)))
        sent = Math.min(this.made.length, sent + count)
      }
      if (under.length === 0) return
      for (const answer of await Promise.all(under)) {
        if (answer === undefined) return
        this.#take(answer)
      }
    }
  }

  /** Sends everything again from number 1; each ack has to be what it was. */
  async repeatAll(): Promise<void> {
    const before = new Map(this.acks)
    for (let at = 0; at < this.made.length; at += 100) {
      const answer = await this.#send(this.made.slice(at, at + 100))
      if (answer === undefined) throw new Error('the connection ended')
      this.#take(answer)
    }
    if (!isDeepStrictEqual(this.acks, before)) throw new Error(`${this.user}'s acks changed`)
  }

  close(): void {
    this.#socket?.close()
  }

  /** undefined where the connection ended first. */
  async #send(mutations: readonly Made[]): Promise<WireAnswer | undefined> {
    const [first] = mutations as readonly [Made]
    const mark = this.#socket?.frames.length ?? 0
    this.#socket?.send({ t: 'mutate', client: this.client, on: this.#nonceOf(first.n - 1), mutations })
    const answers = ({ acks, error }: WireAnswer) => acks[0]?.n === first.n || error !== undefined
    const frame = await this.#socket
      ?.expect((frame) => frame.t === 'ack' && (this.#socket?.frames.indexOf(frame, mark) ?? -1) >= mark && answers(frame as never))
      .catch(() => undefined)
    return frame as unknown as WireAnswer | undefined
  }

  #take({ acks, error }: WireAnswer): void {
    if (error !== undefined) throw new Error(`${this.user} was stopped: ${JSON.stringify(error)}`)
    for (const ack of acks) {
      if (ack.nonce !== this.#nonceOf(ack.n)) throw new Error(`${this.user} got an ack that is not its own: ${JSON.stringify(ack)}`)
      const before = this.acks.get(ack.n)
      if (before !== undefined && !isDeepStrictEqual(ack, before))
        throw new Error(`${this.user} got another ack: ${JSON.stringify([before, ack])}`)
      this.acks.set(ack.n, ack)
    }
  }

  #nonceOf(n: number): string {
    return this.made[n - 1]?.nonce ?? ''
  }

  #make(): void {
    const n = this.made.length + 1
    const id = `${this.user}-${n}`
    const [space, to] = randomInt(2) === 0 ? SPACES : ([SPACES[1], SPACES[0]] as const)
    const name = KINDS[randomInt(KINDS.length)] as (typeof KINDS)[number]
    // Large ones now and then fill pages of their own, and bring checkpoints about.
    const text = 'x'.repeat(randomInt(10) === 0 ? randomInt(20_000) : 20)
    const args = name === 'note' ? { id, text } : name === 'move' ? { id, to } : { id }
    this.made.push({ n, nonce: newNonce(), space, name, args, madeMs: 1 })
  }
}
