import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { GatewaySocket, SocketEvents } from '../gateway/gateway-socket.ts'
import type { Arriving, Sender } from './arriving.ts'

/** The text sent last, as bytes: a range that leaves for a thousand readers in a row is encoded once. */
export class LastEncoded {
  #text = ''
  #bytes: Buffer = Buffer.alloc(0)

  bytesOf(text: string): Buffer {
    if (text !== this.#text) {
      this.#text = text
      this.#bytes = Buffer.from(text)
    }
    return this.#bytes
  }
}

/** A `ws` socket as the gateway knows one. `attach` gives it the events, once the gateway has taken it. */
export class WsSocket implements GatewaySocket, Sender {
  readonly #ws: WebSocket
  readonly #encoded: LastEncoded
  readonly #arriving: Arriving
  #drained: () => void = () => {}

  constructor(ws: WebSocket, encoded: LastEncoded, arriving: Arriving) {
    this.#ws = ws
    this.#encoded = encoded
    this.#arriving = arriving
  }

  /** `stream`: what the socket reads from. */
  attach(stream: Duplex, events: SocketEvents, onError: (error: Error) => void): void {
    this.#drained = () => events.drained()
    // Before `ws` reads it: it may make a frame whole.
    stream.prependListener('data', (chunk: Buffer) => this.#arriving.add(this, chunk.length))
    this.#ws.on('message', (data: Buffer, isBinary) => {
      this.#arriving.done(this)
      if (isBinary) events.binary()
      else events.text(data.toString('utf8'))
    })
    this.#ws.on('close', () => {
      this.#arriving.done(this)
      events.closed()
    })
    // Without a listener an error of one peer would end the process; `close` follows it.
    this.#ws.on('error', onError)
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#ws.send(this.#encoded.bytesOf(text), { binary: false }, this.#drained)
  }

  close(code: number, reason: string): void {
    this.#ws.resume()
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  cut(): void {
    this.#ws.terminate()
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }
}
