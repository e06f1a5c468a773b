/** Runs `work` one run at a time: asked for during a run, it runs once more. What it throws is dropped, for it is asked for again at the next change. */
export function oneAtATime(work: () => Promise<void>): () => void {
  let asked = false
  let running = false
  return async () => {
    asked = true
    if (running) return
    running = true
    while (asked) {
      asked = false
      await work().catch(() => {})
    }
    running = false
  }
}
