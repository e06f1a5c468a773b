import { parseServerFrame, type ServerFrame } from '@tidemark/shared'
import type { GatewaySocket, SocketEvents } from '../src/gateway/gateway-socket.ts'

/** A client's end, held by a test: it reads what it wants, when it wants. */
export class FakeSocket implements GatewaySocket {
  events: SocketEvents | undefined
  readonly frames: ServerFrame[] = []
  readonly texts: string[] = []
  closed: { code: number; reason: string } | undefined
  terminated = false
  paused = false
  bufferedBytes = 0
  /** A reader that takes nothing. */
  stalled = false

  send(text: string): void {
    this.texts.push(text)
    const frame = parseServerFrame(text)
    if (frame === undefined) throw new Error(`no frame of the protocol: ${text.slice(0, 200)}`)
    this.frames.push(frame)
    if (this.stalled) this.bufferedBytes += text.length
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason }
  }

  terminate(): void {
    this.terminated = true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  say(frame: unknown): void {
    this.events?.text(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The reader takes all that waits. */
  drain(): void {
    this.stalled = false
    this.bufferedBytes = 0
    this.events?.drained()
  }

  all<T extends ServerFrame['t']>(t: T): Extract<ServerFrame, { t: T }>[] {
    return this.frames.filter((frame): frame is Extract<ServerFrame, { t: T }> => frame.t === t)
  }

  last<T extends ServerFrame['t']>(t: T): Extract<ServerFrame, { t: T }> | undefined {
    return this.all(t).at(-1)
  }

  /** The types of all frames, in order. */
  get order(): string[] {
    return this.frames.map(({ t }) => t)
  }

  forget(): void {
    this.frames.length = 0
    this.texts.length = 0
  }
}
