import { type Clock, TokenExpiredError } from '@tidemark/shared'

/** What is told of one token, in this order; each at its time in ms since the epoch. */
interface Course {
  readonly endMs: number
  readonly noticeAtMs: number
  readonly closeAtMs: number
  told: 'nothing' | 'notice' | 'end'
}

/**
 * The end of a connection's token, told in time for a fresh one to come in its place: a notice ahead of it, a second one when it has come,
 * and, where none came until the grace is over, the word that closes the connection. It goes by the server's clock alone.
 */
export class TokenEnd {
  readonly #clock: Clock
  readonly #noticeMs: number
  readonly #graceMs: number
  #course: Course | undefined

  constructor(clock: Clock, noticeMs: number, graceMs: number) {
    this.#clock = clock
    this.#noticeMs = noticeMs
    this.#graceMs = graceMs
  }

  /** This token counts from now on. `endMs`: since the epoch; undefined: it never ends. The one that counted already is not announced again. */
  accept(endMs: number | undefined): void {
    if (endMs === this.#course?.endMs) return
    if (endMs === undefined) {
      this.#course = undefined
      return
    }
    // Half of a short life: a notice that came at once would be answered at once by the next short one, without end.
    const aheadMs = Math.max(0, Math.min(this.#noticeMs, (endMs - this.#clock.nowMs()) / 2))
    this.#course = { endMs, noticeAtMs: endMs - aheadMs, closeAtMs: endMs + this.#graceMs, told: 'nothing' }
  }

  /** When there is something to tell next, by the monotonic clock; Infinity: never. */
  get wakeAtMs(): number {
    if (this.#course === undefined) return Number.POSITIVE_INFINITY
    const { told, noticeAtMs, endMs, closeAtMs } = this.#course
    const atMs = told === 'nothing' ? noticeAtMs : told === 'notice' ? endMs : closeAtMs
    return this.#clock.monotonicMs() + atMs - this.#clock.nowMs()
  }

  /** What there is to tell now: with `afterMs` a notice, without it that the connection is over. */
  due(): TokenExpiredError | undefined {
    const course = this.#course
    if (course === undefined) return undefined
    const nowMs = this.#clock.nowMs()
    if (nowMs >= course.closeAtMs) return new TokenExpiredError()
    if (nowMs >= course.endMs && course.told !== 'end') {
      course.told = 'end'
      return new TokenExpiredError('The token has ended: send a fresh one with auth.', { afterMs: course.closeAtMs - nowMs })
    }
    if (nowMs >= course.noticeAtMs && course.told === 'nothing') {
      course.told = 'notice'
      return new TokenExpiredError('The token ends soon: send a fresh one with auth.', { afterMs: course.endMs - nowMs })
    }
    return undefined
  }
}
