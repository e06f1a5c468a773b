import { randomBytes } from 'node:crypto'
import { newClientId, SUBPROTOCOL } from '@tidemark/shared'
import { WebSocket } from 'ws'

/** A viewer promises a frame so often, in s, and keeps it with something to spare. */
const NEXT_S = 60
const BEAT_MS = 50_000

export interface ViewerEvents {
  /** The server has welcomed it. */
  readonly onWelcome: () => void
  /** A tick of the lane, as it came. */
  readonly onTick: (text: string) => void
  readonly onSaid: (n: number, code: string | undefined) => void
  /** The connection has ended, whoever ended it. */
  readonly onEnd: () => void
}

/** One connection of the protocol, nothing kept: it follows a space and a lane of it. Source: protocol §5, §7. */
export class Viewer {
  readonly #socket: WebSocket
  readonly #beating: ReturnType<typeof setInterval>
  #n = 0

  constructor(address: URL, token: string, space: string, lane: string, events: ViewerEvents) {
    const url = new URL('/v1/connect', address)
    url.protocol = url.protocol.replace('http', 'ws')
    this.#socket = new WebSocket(url, SUBPROTOCOL, { perMessageDeflate: false })
    this.#beating = setInterval(() => this.#send({ t: 'beat', nextS: NEXT_S }), BEAT_MS)
    const client = newClientId({ unit: Math.random, bytes: (count) => randomBytes(count) })
    this.#socket.on('open', () =>
      this.#send({
        t: 'hello',
        client,
        token,
        spaces: { [space]: [0, ''] },
        lanes: { [space]: { [lane]: Date.now() } },
        nextS: NEXT_S,
        app: '1',
      }),
    )
    this.#socket.on('message', (data: Buffer) => {
      // Of thousands of viewers each gets the same ticks: only who watches reads them.
      if (data.subarray(0, 12).toString('latin1') === '{"t":"tick",') events.onTick(data.toString())
      else {
        const frame = JSON.parse(data.toString()) as { t: string; n: number; error?: { code: string } }
        if (frame.t === 'welcome') events.onWelcome()
        else if (frame.t === 'tick') events.onTick(data.toString())
        else if (frame.t === 'said') events.onSaid(frame.n, frame.error?.code)
      }
    })
    // What went wrong is followed by `close`.
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      clearInterval(this.#beating)
      events.onEnd()
    })
  }

  /** Returns the number that `said` answers. */
  say(space: string, lane: string, id: string, body: unknown): number {
    this.#n += 1
    this.#send({ t: 'say', space, lane, n: this.#n, id, body })
    return this.#n
  }

  close(): void {
    this.#socket.terminate()
  }

  #send(frame: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame))
  }
}
