import { type Clock, type Json, within } from '@tidemark/shared'
import type { Log } from '../observe/log.ts'
import { CHECK_LOG_EVERY_MS, CHECK_WITHIN_MS, CHECKS_AT_ONCE_MAX } from './bounds.ts'

/** Something that passed rates, blocks, schema and words. */
export interface ToCheck {
  readonly tenant: string
  readonly user: string
  readonly space: string
  readonly lane: string
  readonly body: Json
  /** What the lane's `text` names of the body, if it does. */
  readonly text: string | undefined
}

/** `drop`: its speaker alone sees it; `hold`: a person looks at it first; `mask`: the text that is said in the place of theirs. */
export type CheckAnswer = 'say' | 'drop' | 'hold' | { readonly mask: string }
/** The app's own look at what is said, such as a service for pictures or tone. */
export type ContentCheck = (said: ToCheck) => CheckAnswer | Promise<CheckAnswer>

export interface ContentCheckOptions {
  readonly check?: ContentCheck | undefined
  /** How long it has for an answer, in ms. Default: 500. */
  readonly checkWithinMs?: number | undefined
  /** What becomes of what it did not answer for in time, or threw at. Default: `hold`. */
  readonly withoutCheck?: 'say' | 'hold' | 'drop' | undefined
}

/** Asks the app's check, and nobody waits longer than for its deadline. */
export class ContentChecks {
  readonly #options: ContentCheckOptions
  readonly #clock: Clock
  readonly #log: Log
  #inHand = 0
  #unanswered = 0
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(options: ContentCheckOptions, clock: Clock, log: Log) {
    this.#options = options
    this.#clock = clock
    this.#log = log
  }

  /** `isUnanswered`: there was no answer, and this is what then becomes of it. Never throws. */
  async ask(said: ToCheck): Promise<{ readonly answer: CheckAnswer; readonly isUnanswered: boolean }> {
    const { check, checkWithinMs = CHECK_WITHIN_MS, withoutCheck = 'hold' } = this.#options
    if (check === undefined) return { answer: 'say', isUnanswered: false }
    try {
      if (this.#inHand >= CHECKS_AT_ONCE_MAX) throw new Error(`${CHECKS_AT_ONCE_MAX} checks are under way`)
      const work = this.#counted(async () => check(said))
      const answer = await within(this.#clock, checkWithinMs, work, () => new Error(`no answer within ${checkWithinMs} ms`))
      if (!isAnswer(answer, said))
        throw new TypeError("it answered none of 'say', 'drop', 'hold' and { mask: text }, or masks what has no text")
      return { answer, isUnanswered: false }
    } catch (error) {
      this.#tell(error, withoutCheck)
      return { answer: withoutCheck, isUnanswered: true }
    }
  }

  /** Counts a call until it ends, however late: what hangs for ever is not called without end. */
  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#inHand += 1
    try {
      return await call()
    } finally {
      this.#inHand -= 1
    }
  }

  #tell(err: unknown, becomes: string): void {
    this.#unanswered += 1
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#toldAtMs < CHECK_LOG_EVERY_MS) return
    this.#log.error({ err, times: this.#unanswered, becomes }, 'the content check did not answer')
    this.#toldAtMs = nowMs
    this.#unanswered = 0
  }
}

function isAnswer(answer: unknown, { text }: ToCheck): answer is CheckAnswer {
  if (answer === 'say' || answer === 'drop' || answer === 'hold') return true
  return text !== undefined && typeof (answer as { mask?: unknown } | null)?.mask === 'string'
}
