/** A frame as it arrived; `undefined` for one that is not text. */
export type Arrived = string | undefined

/** Frames of one connection in the order of their arrival. Measures what waits, so that its socket can be paused. */
export class FrameQueue {
  #frames: Arrived[] = []
  #taken = 0
  #characters = 0

  get length(): number {
    return this.#frames.length - this.#taken
  }

  /** Characters that wait: at least a third of their bytes, at most all of them. */
  get characters(): number {
    return this.#characters
  }

  add(frame: Arrived): void {
    this.#frames.push(frame)
    this.#characters += frame?.length ?? 0
  }

  /** The oldest. Throws RangeError when nothing waits. */
  take(): Arrived {
    if (this.length === 0) throw new RangeError('no frame waits')
    const frame = this.#frames[this.#taken]
    this.#frames[this.#taken++] = undefined
    this.#characters -= frame?.length ?? 0
    if (this.#taken === this.#frames.length) {
      this.#frames = []
      this.#taken = 0
    }
    return frame
  }

  clear(): void {
    this.#frames = []
    this.#taken = 0
    this.#characters = 0
  }
}
