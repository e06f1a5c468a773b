/** What is to come, in its order; time stands still meanwhile. */
export class Timeline {
  nowMs = 0
  #due: { readonly atMs: number; readonly run: () => void }[] = []

  /** Returns what cancels it. */
  after(ms: number, run: () => void): () => void {
    const task = { atMs: this.nowMs + ms, run }
    // Few are due at a time: kept in order, the next one last.
    let at = this.#due.length
    while (at > 0 && (this.#due[at - 1] as typeof task).atMs <= task.atMs) at--
    this.#due.splice(at, 0, task)
    return () => {
      this.#due = this.#due.filter((other) => other !== task)
    }
  }

  run(untilMs: number): void {
    for (let next = this.#due.at(-1); next !== undefined && next.atMs <= untilMs; next = this.#due.at(-1)) {
      this.#due.pop()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }
}
