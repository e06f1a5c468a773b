import { type ClientFrame, type Clock, RateLimitedError } from '@tidemark/shared'
import { Budget } from '../budget.ts'
import type { GatewayBounds } from './bounds.ts'

/** When to say it again where the line is full, in ms. */
const SAY_AGAIN_MS = 1000

type Say = Extract<ClientFrame, { t: 'say' }>

export interface SayLineWorld {
  readonly clock: Clock
  readonly bounds: GatewayBounds
  /** Never rejects. */
  say(frame: Say): Promise<void>
  refused(frame: Say, error: RateLimitedError): void
}

/** What one connection says, one after the other in its order, beside its mutations: however much it is, it holds up nothing else. */
export class SayLine {
  readonly #world: SayLineWorld
  readonly #budget: Budget
  #waiting: { readonly frame: Say; readonly characters: number }[] = []
  #characters = 0
  #isSaying = false

  constructor(world: SayLineWorld) {
    this.#world = world
    this.#budget = new Budget(world.bounds.saysBurst, world.bounds.saysPerS, world.clock.monotonicMs())
  }

  get isSaying(): boolean {
    return this.#isSaying
  }

  /** `characters`: of the frame as it came. */
  add(frame: Say, characters: number): void {
    const { bounds, clock } = this.#world
    const waitMs = this.#budget.take(clock.monotonicMs())
    const isFull =
      this.#waiting.length >= bounds.saysWaitingMax || (this.#isSaying && this.#characters + characters > bounds.saysWaitingCharactersMax)
    if (waitMs > 0 || isFull)
      return void this.#world.refused(
        frame,
        new RateLimitedError('Too much was said from here at once.', { afterMs: Math.max(waitMs, SAY_AGAIN_MS) }),
      )
    this.#waiting.push({ frame, characters })
    this.#characters += characters
    if (!this.#isSaying) void this.#sayAll()
  }

  /** What was not begun is not said: nobody was told that it was. */
  end(): void {
    this.#waiting = []
  }

  async #sayAll(): Promise<void> {
    this.#isSaying = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#world.say(next.frame)
      this.#characters -= next.characters
    }
    this.#isSaying = false
  }
}
