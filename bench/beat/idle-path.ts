import type { HttpAnswer, HttpRequest, LiveEvents, LiveSocket, Transport } from '@tidemark/client/testing'
import type { Clock } from '@tidemark/shared'
import { CONNECT_BYTES, HEADER_BYTES, type Path } from './network.ts'
import { Radio } from './radio.ts'

/** A path between a real client and what is behind it, that takes connections which are silent for too long, as those of network.ts do. */
export class IdlePath implements Transport {
  readonly radio = new Radio()
  /** Of live connections and probes. */
  connects = 0
  cut: Path['cut']
  limitMs: number
  /** What the next connection tells of where it leads. */
  endpoint: string | undefined
  readonly #inner: Transport
  readonly #clock: Clock

  /** `endpoint`: what the client is told that it is; undefined: a way that is made of requests. */
  constructor(inner: Transport, clock: Clock, { cut, limitMs }: Pick<Path, 'cut' | 'limitMs'>, endpoint: string | undefined) {
    this.#inner = inner
    this.#clock = clock
    this.endpoint = endpoint
    this.cut = cut
    this.limitMs = limitMs
  }

  connect(events: LiveEvents): LiveSocket {
    const clock = this.#clock
    let quietAtMs = clock.monotonicMs()
    let isOver = false
    let cancel = () => {}
    this.connects++
    const packet = (bytes: number) => {
      quietAtMs = clock.monotonicMs()
      this.radio.packet(quietAtMs, bytes)
      cancel()
      if (this.cut === 'close' && this.limitMs < Number.POSITIVE_INFINITY) cancel = clock.after(this.limitMs + 1, () => end())
    }
    const isKnown = () => clock.monotonicMs() - quietAtMs <= this.limitMs
    const end = () => {
      if (isOver) return
      isOver = true
      inner.close()
      events.closed(1006)
    }
    const inner = this.#inner.connect({
      opened: () => {
        packet(CONNECT_BYTES)
        events.opened()
      },
      frame: (text) => {
        if (isOver || !isKnown()) return
        packet(text.length + HEADER_BYTES)
        events.frame(text)
      },
      closed: (code) => {
        cancel()
        if (isKnown()) events.closed(code)
      },
    })
    return {
      endpoint: this.endpoint,
      send: (text) => {
        if (isKnown()) packet(text.length + HEADER_BYTES)
        else this.radio.packet(clock.monotonicMs(), text.length + HEADER_BYTES)
        if (isKnown()) inner.send(text)
        else if (this.cut === 'reset') end()
      },
      close: () => {
        cancel()
        inner.close()
      },
    }
  }

  request(request: HttpRequest): Promise<HttpAnswer> {
    return this.#inner.request(request)
  }
}
