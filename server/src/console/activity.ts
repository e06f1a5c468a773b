import type { SpaceId, Version } from '@tidemark/shared'
import type { Moved } from '../bus/bus.ts'
import type { ConsoleSample } from './answers.ts'
import { ByTenant } from './by-tenant.ts'

/** How long one sample counts, in ms, and how many are kept: ten minutes. */
export const SAMPLE_MS = 10_000
export const SAMPLES_KEPT = 60
/** Spaces of one tenant that are counted; past them the one that moved longest ago is forgotten. */
export const BUSY_SPACES_MAX = 1000
/** Spaces that are named as the busiest. */
export const BUSIEST = 6

interface Counted {
  readonly samples: ConsoleSample[]
  /** How much each space grew, sample by sample, the present one last; the one that moved last stands last. */
  readonly spaces: Map<SpaceId, { version: Version; readonly grown: number[] }>
  commits: number
  refused: number
}

/** What happened in each tenant of late, by what the bus tells of it. Pure: samples are taken when its owner says so. */
export class Activity {
  readonly #tenants = new ByTenant<Counted>(() => ({ samples: [], spaces: new Map(), commits: 0, refused: 0 }))

  /** A space is at another version. What is heard of for the first time counts as one commit: where it stood before is not known. */
  moved({ tenant, space, version }: Moved): void {
    const counted = this.#tenants.heard(tenant)
    const known = counted.spaces.get(space)
    const grown = known === undefined ? 1 : Math.max(0, version - known.version)
    const entry = known ?? { version, grown: [0] }
    if (version > entry.version) entry.version = version
    entry.grown[entry.grown.length - 1] = (entry.grown.at(-1) ?? 0) + grown
    counted.commits += grown
    counted.spaces.delete(space)
    counted.spaces.set(space, entry)
    const [oldest] = counted.spaces.keys()
    if (counted.spaces.size > BUSY_SPACES_MAX && oldest !== undefined) counted.spaces.delete(oldest)
  }

  refused(tenant: string): void {
    this.#tenants.heard(tenant).refused += 1
  }

  /** Ends the sample under way. `connections`: how many each tenant has now. */
  sample(nowMs: number, connections: ReadonlyMap<string, number>): void {
    for (const tenant of connections.keys()) this.#tenants.heard(tenant)
    for (const [tenant, counted] of this.#tenants.entries()) {
      const { samples, spaces, commits, refused } = counted
      samples.push({ atMs: nowMs, connections: connections.get(tenant) ?? 0, commits, refused })
      if (samples.length > SAMPLES_KEPT) samples.shift()
      counted.commits = 0
      counted.refused = 0
      for (const [space, { grown }] of spaces) {
        grown.push(0)
        if (grown.length > SAMPLES_KEPT) grown.shift()
        if (grown.length === SAMPLES_KEPT && sum(grown) === 0) spaces.delete(space)
      }
    }
  }

  samplesOf(tenant: string): readonly ConsoleSample[] {
    return this.#tenants.get(tenant)?.samples ?? []
  }

  /** How much a space has grown of late. */
  commitsOf(tenant: string, space: SpaceId): number {
    return sum(this.#tenants.get(tenant)?.spaces.get(space)?.grown ?? [])
  }

  /** Those that grew most first; none that has not. */
  busiest(tenant: string): readonly { readonly space: SpaceId; readonly version: Version; readonly commits: number }[] {
    const spaces = this.#tenants.get(tenant)?.spaces ?? []
    return Array.from(spaces, ([space, { version, grown }]) => ({ space, version, commits: sum(grown) }))
      .filter(({ commits }) => commits > 0)
      .sort((a, b) => b.commits - a.commits)
      .slice(0, BUSIEST)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
