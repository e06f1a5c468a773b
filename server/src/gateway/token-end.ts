import { type Clock, TokenExpiredError } from '@tidemark/shared'

/** Watches the end of a connection's token: tells of it once ahead of time, then when it has come. Ends are in ms since the epoch; undefined: never. */
export class TokenEnd {
  readonly #clock: Clock
  readonly #noticeMs: number
  #noticedEndMs: number | undefined

  constructor(clock: Clock, noticeMs: number) {
    this.#clock = clock
    this.#noticeMs = noticeMs
  }

  /** When there is something to tell next, by the monotonic clock. */
  wakeAtMs(endMs: number | undefined): number {
    if (endMs === undefined) return Number.POSITIVE_INFINITY
    const atMs = this.#noticedEndMs === endMs ? endMs : endMs - this.#noticeMs
    return this.#clock.monotonicMs() + atMs - this.#clock.nowMs()
  }

  /** What there is to tell now: with `afterMs` the notice, without it the end. */
  due(endMs: number | undefined): TokenExpiredError | undefined {
    if (endMs === undefined) return undefined
    const leftMs = endMs - this.#clock.nowMs()
    if (leftMs <= 0) return new TokenExpiredError()
    if (leftMs > this.#noticeMs || this.#noticedEndMs === endMs) return undefined
    this.#noticedEndMs = endMs
    return new TokenExpiredError('The token ends soon: send a fresh one with auth.', { afterMs: leftMs })
  }
}
