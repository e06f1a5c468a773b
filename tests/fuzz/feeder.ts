import { connect } from 'node:net'
import { LIMITS } from '@tidemark/shared'
import { WebSocket } from 'ws'
import { hold, holdAnswer } from '../harness/held-to-schema.ts'
import { newClientId } from '../harness/wire-peer.ts'
import { type HttpAnswerBytes, readAnswer } from './http-answer.ts'
import type { Input } from './input.ts'
import { TOKEN } from './words.ts'

/** How long any answer may take, on a machine that has other things to do. */
const ANSWER_WITHIN_MS = 20_000
/** How a live connection may end: as the protocol says, or as RFC 6455 does for what is no WebSocket's frame. */
const CLOSE_CODES = [4400, 4401, 4403, 4408, 4413, 4426, 4429, 4503, 1001, 1002, 1003, 1007, 1008, 1009]
/** What Node answers, without a body, to what is no HTTP. */
const NOT_HTTP = [400, 408, 413, 414, 417, 431]
/** A request that is longer than any may be can be cut off before its answer was read: who still writes loses what came. */
const MAY_BE_CUT_OFF_BYTES = LIMITS.bytes
/** Numbers of the frames that this feeder sends to be answered; no fuzzed one has such a number. */
const ASKED_FROM = 1_000_000_007
/** Of spaces of a kind that there is not. */
const MARKER = 'marker:'

/** What came of inputs: an outcome and how often. It tells whether a campaign got behind the first door. */
export type Tally = Map<string, number>

function count(tally: Tally, outcome: string): void {
  tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
}

/** Hands one input after the other to a server, and says what was wrong with how it took it. */
export class Feeder {
  readonly #url: string
  readonly #tally: Tally
  #talk: Talk | undefined

  constructor(url: string, tally: Tally) {
    this.#url = url
    this.#tally = tally
  }

  /** What was wrong; undefined where all was well. Never throws. */
  async feed(input: Input): Promise<string | undefined> {
    try {
      switch (input.door) {
        case 'frame':
          return await this.#frame(input.bytes, input.binary)
        case 'greeting':
          return await this.#greeting(input.bytes, input.binary)
        case 'request':
          return this.#judgeAnswer(input, readAnswer(await this.#wire(input.bytes, false)))
        case 'wire':
          return judgeWire((await this.#wire(input.bytes, true)).toString('latin1'))
      }
    } catch (error) {
      this.close()
      return String(error instanceof Error ? error.message : error)
    }
  }

  close(): void {
    this.#talk?.close()
    this.#talk = undefined
  }

  async #frame(bytes: Buffer, binary: boolean): Promise<string | undefined> {
    this.#talk ??= await Talk.greeted(this.#url, this.#tally)
    const talk = this.#talk
    talk.send(bytes, binary)
    const end = await talk.answered()
    if (end !== 'open' || talk.fault !== undefined) this.close()
    return talk.fault ?? (end === 'open' ? undefined : judgeClose(end))
  }

  /** The first frame of a connection, then a good hello in case it was none. */
  async #greeting(bytes: Buffer, binary: boolean): Promise<string | undefined> {
    const talk = await Talk.open(this.#url, this.#tally)
    try {
      talk.send(bytes, binary)
      talk.send(Buffer.from(helloNow()), false)
      const end = await talk.answered()
      return talk.fault ?? (end === 'open' ? undefined : judgeClose(end))
    } finally {
      talk.close()
    }
  }

  #judgeAnswer({ method, path, bytes }: Extract<Input, { door: 'request' }>, answer: HttpAnswerBytes | undefined): string | undefined {
    if (answer === undefined) return bytes.length > MAY_BE_CUT_OFF_BYTES ? undefined : 'the connection ended without an answer'
    const { status, headers, body } = answer
    count(this.#tally, `status ${status}`)
    const said = `${method} ${path.slice(0, 200)}: ${status} ${body.subarray(0, 300)}`
    if (status >= 500 && status !== 503) return said
    if (NOT_HTTP.includes(status) && body.length === 0 && headers.get('content-type') === undefined) return undefined
    if (headers.get('content-type')?.startsWith('application/json') && body.length > 0 && method !== 'HEAD') {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
      if (text.includes('"code":"internal"')) return said
      holdAnswer(method, path, status, JSON.parse(text))
    } else if (status >= 400 && path.startsWith('/v1/') && method !== 'HEAD') return `no error of the protocol: ${said}`
    return undefined
  }

  /** Writes, and takes all that comes until the server ends the connection. `done`: says that nothing more will be written. */
  #wire(bytes: Buffer, done: boolean): Promise<Buffer> {
    const { hostname, port } = new URL(this.#url)
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const socket = connect({ host: hostname, port: Number(port), noDelay: true, allowHalfOpen: true })
      const timer = setTimeout(() => {
        socket.destroy()
        reject(new Error(`nothing, and no end, within ${ANSWER_WITHIN_MS} ms; came: ${Buffer.concat(chunks).subarray(0, 300)}`))
      }, ANSWER_WITHIN_MS)
      socket.on('data', (chunk) => chunks.push(chunk))
      // A server that has said why may close while we still write.
      socket.on('error', () => {})
      socket.on('end', () => socket.destroy())
      socket.on('close', () => {
        clearTimeout(timer)
        resolve(Buffer.concat(chunks))
      })
      if (done) socket.end(bytes)
      else socket.write(bytes)
    })
  }
}

const helloNow = () =>
  JSON.stringify({ t: 'hello', client: newClientId(), token: TOKEN, spaces: { 'room:a': [0, ''] }, nextS: 60, app: '1' })

function judgeClose(code: number): string | undefined {
  return CLOSE_CODES.includes(code) ? undefined : `the connection ended with ${code}`
}

function judgeWire(received: string): string | undefined {
  const status = /^HTTP\/1\.1 (5\d\d)/m.exec(received)?.[1]
  return status === undefined || status === '503' ? undefined : `status ${status}: ${received.slice(0, 300)}`
}

/** A live connection of the feeder's. */
class Talk {
  readonly #socket: WebSocket
  readonly #tally: Tally
  #isOver = false
  #asked = ASKED_FROM
  #heard = 0
  #end: number | undefined
  #wake: () => void = () => {}
  /** The first thing that the server should not have said. */
  fault: string | undefined

  private constructor(socket: WebSocket, tally: Tally) {
    this.#socket = socket
    this.#tally = tally
    socket.on('message', (data) => this.#hear(String(data)))
    socket.on('error', () => {})
    socket.on('close', (code) => {
      this.#end = code
      if (!this.#isOver) count(tally, `end ${code}`)
      this.#wake()
    })
  }

  static async open(url: string, tally: Tally): Promise<Talk> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/connect`, 'tidemark.1', { perMessageDeflate: false })
    const talk = new Talk(socket, tally)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return talk
  }

  static async greeted(url: string, tally: Tally): Promise<Talk> {
    const talk = await Talk.open(url, tally)
    talk.send(Buffer.from(helloNow()), false)
    return talk
  }

  send(bytes: Buffer, binary: boolean): void {
    this.#socket.send(bytes, { binary })
  }

  /** Resolves when all that was sent has been served, or with the code with which the connection ended. Rejects where neither comes. */
  async answered(): Promise<'open' | number> {
    this.#asked++
    // The first is answered in its place by all but a probe, the second so by a probe alone.
    this.send(Buffer.from(`{"t":"follow","spaces":{"${MARKER}${this.#asked}":[0,""]}}`), false)
    this.send(Buffer.from(`{"t":"say","space":"live:1","lane":"l","n":${this.#asked},"body":0}`), false)
    const endMs = performance.now() + ANSWER_WITHIN_MS
    while (this.#heard < this.#asked && this.#end === undefined) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) throw new Error(`a frame was not answered within ${ANSWER_WITHIN_MS} ms`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    return this.#end ?? 'open'
  }

  close(): void {
    this.#isOver = true
    this.#socket.terminate()
  }

  #hear(text: string): void {
    try {
      const frame = JSON.parse(text) as { readonly t: string; readonly n?: number; readonly space?: string }
      if (text.includes('"code":"internal"')) throw new Error(`the server failed inside: ${text.slice(0, 500)}`)
      hold('ServerFrame', frame)
      if (frame.t === 'denied' && frame.space?.startsWith(MARKER)) this.#heard = Number(frame.space.slice(MARKER.length))
      else if (frame.t === 'said' && (frame.n ?? 0) > ASKED_FROM) {
        if (text.includes('"code":"bad-request"')) this.#heard = frame.n as number
      } else count(this.#tally, frame.t === 'ack' && text.includes('"in":{"') ? 'ack of something done' : frame.t)
    } catch (error) {
      this.fault ??= String(error)
    }
    this.#wake()
  }
}
