/** What waits for a person: whose each is, and how many each user has. */
export class Held {
  readonly #by = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  get size(): number {
    return this.#by.size
  }

  has(id: string): boolean {
    return this.#by.has(id)
  }

  countOf(user: string): number {
    return this.#counts.get(user) ?? 0
  }

  /** `by`: undefined where it does not wait any more. */
  keep(id: string, by: string | undefined): void {
    const before = this.#by.get(id)
    if (before !== undefined) {
      const left = this.countOf(before) - 1
      if (left === 0) this.#counts.delete(before)
      else this.#counts.set(before, left)
    }
    if (by === undefined) this.#by.delete(id)
    else {
      this.#by.set(id, by)
      this.#counts.set(by, this.countOf(by) + 1)
    }
  }

  clear(): void {
    this.#by.clear()
    this.#counts.clear()
  }
}
