/** One way to do the work, measured in rounds that alternate with the others. */
export interface Measured {
  readonly name: string
  /** Median over the rounds. */
  readonly median: number
  /** Ours divided by this, in the same round; the median of that. 1 for ours. */
  readonly ratio: number
}

export interface Figure {
  readonly bench: string
  readonly case: string
  readonly unit: string
  /** True for clocks on the wall: other work on the machine shows in it. */
  readonly noisy: boolean
  /** Ours first, then the floors. */
  readonly measured: readonly Measured[]
  readonly rounds: number
  /** What the work was, counted after it was done. */
  readonly counted: Readonly<Record<string, number>>
}

/** What one round measured: by unit, then by who did it, ours first. */
export type Round = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Runs rounds one after the other, and makes a figure of each unit. `noisy` names the units that are clocks on the wall. */
export async function figuresOf(
  bench: string,
  name: string,
  rounds: number,
  noisy: readonly string[],
  counted: () => Readonly<Record<string, number>>,
  run: (round: number) => Promise<Round>,
): Promise<readonly Figure[]> {
  const done: Round[] = []
  for (let round = 0; round < rounds; round++) done.push(await run(round))
  return Object.keys(done[0] ?? {}).map((unit) => {
    const whos = Object.keys(done[0]?.[unit] ?? {})
    const of = (round: Round, who: string | undefined): number => round[unit]?.[who ?? ''] ?? Number.NaN
    const measured = whos.map((who) => ({
      name: who,
      median: median(done.map((round) => of(round, who))),
      ratio: median(done.map((round) => of(round, whos[0]) / of(round, who))),
    }))
    return { bench, case: name, unit, noisy: noisy.includes(unit), measured, rounds, counted: counted() }
  })
}

/** The middle one; between the two middle ones where the count is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

/** Fails a benchmark that did not do what it measures. */
export function assertDone(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}, so nothing was measured`)
}
