const EDITS_MAX = 2

/** The known word that was most likely meant: two letters off at most, or the beginning of the other. Undefined where there is none. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const begins = (a: string, b: string): boolean => a.length > 2 && b.startsWith(a)
  return closest(word, known) ?? known.find((other) => begins(other, word) || begins(word, other))
}

/** The known word that is two letters off at most; short ones fewer. */
export function closest(word: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((other) => ({ other, off: edits(word, other) }))
    .filter(({ other, off }) => off <= Math.min(EDITS_MAX, other.length / 2))
    .sort((a, b) => a.off - b.off)
  return best?.other
}

/** Letters to add, leave out or change to make one word of the other (Levenshtein). */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
