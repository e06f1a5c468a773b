/** An act of an admin: called then, and in force some time between that and when it was confirmed, in ms. */
export interface Act<T> {
  readonly calledMs: number
  doneMs: number
  readonly value: T
  /** It ends by itself so long after it was done, in ms. */
  readonly forMs?: number | undefined
}

/** What may be in force at a time, of something that one admin changes, act after act, beside a server that hears of it a little later. */
export class Timeline<T> {
  readonly #acts: Act<T>[] = []
  readonly #first: T
  /** How much later than it was confirmed an act may count, and how far off an end by the wall's clock may be, in ms. */
  readonly #slackMs: number

  constructor(first: T, slackMs: number) {
    this.#first = first
    this.#slackMs = slackMs
  }

  /** Begins an act; its end is set when it is confirmed. */
  begin(calledMs: number, value: T, forMs?: number): Act<T> {
    const act = { calledMs, doneMs: Number.POSITIVE_INFINITY, value, forMs }
    this.#acts.push(act)
    return act
  }

  /** All that may have been in force at some moment of this time. */
  within(fromMs: number, toMs: number): readonly T[] {
    const sureBefore = this.#acts.findLastIndex(({ doneMs }) => doneMs + this.#slackMs <= fromMs)
    const may = this.#acts.slice(Math.max(0, sureBefore)).filter(({ calledMs }) => calledMs <= toMs)
    const values = sureBefore === -1 ? [this.#first] : []
    for (const { value, forMs = Number.POSITIVE_INFINITY, calledMs, doneMs } of may) {
      if (calledMs + forMs - this.#slackMs <= toMs) values.push(this.#first)
      if (doneMs + forMs + this.#slackMs > fromMs) values.push(value)
    }
    return values
  }
}
