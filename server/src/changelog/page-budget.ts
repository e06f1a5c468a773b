import type { ReadBounds } from './changelog.ts'

/** Counts what one read returns against its bounds. The first commit always fits, so that no page below the head is empty. */
export class PageBudget {
  readonly #bounds: ReadBounds
  #changes = 0
  #bytes = 0
  #commits = 0

  constructor(bounds: ReadBounds) {
    this.#bounds = bounds
  }

  /** Counts one more commit where it fits; false ends the page before it. */
  takes(changes: number, bytes: number): boolean {
    const { changesMax, bytesMax, commitsMax } = this.#bounds
    const fits =
      this.#commits === 0 || (this.#changes + changes <= changesMax && this.#bytes + bytes <= bytesMax && this.#commits + 1 <= commitsMax)
    if (!fits) return false
    this.#changes += changes
    this.#bytes += bytes
    this.#commits += 1
    return true
  }
}
