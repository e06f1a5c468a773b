/** How much each benchmark does. */
export interface Scale {
  readonly rounds: number
  /** Mutations of a round, sent one at a time and in batches of `batch`. */
  readonly mutations: { readonly single: number; readonly batched: number; readonly batch: number }
  readonly fanOut: { readonly readers: number; readonly commits: number }
  /** Viewers of a lane, what is said in it, and for how long in a round. */
  readonly lanes: { readonly viewers: number; readonly saysPerS: number; readonly cap: number; readonly seconds: number }
  readonly idle: { readonly connections: number }
  readonly firstSync: { readonly documents: number }
  /** Documents of the result that is watched, and how many of them change in a round, one a commit. */
  readonly watch: { readonly documents: number; readonly changes: number }
}

export const FULL: Scale = {
  rounds: 7,
  mutations: { single: 1000, batched: 5000, batch: 100 },
  fanOut: { readers: 1000, commits: 50 },
  lanes: { viewers: 5000, saysPerS: 500, cap: 100, seconds: 10 },
  idle: { connections: 5000 },
  firstSync: { documents: 20_000 },
  watch: { documents: 10_000, changes: 20 },
}

/** Shows that each benchmark still runs; its figures mean nothing. */
export const TINY: Scale = {
  rounds: 1,
  mutations: { single: 20, batched: 20, batch: 2 },
  fanOut: { readers: 20, commits: 3 },
  lanes: { viewers: 20, saysPerS: 100, cap: 20, seconds: 1 },
  idle: { connections: 20 },
  firstSync: { documents: 200 },
  watch: { documents: 200, changes: 20 },
}
