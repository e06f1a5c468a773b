import {
  type Change,
  EMPTY_SEAL,
  type Json,
  type JsonObject,
  judge,
  type Range,
  type Standing,
  type Verdict,
  withDelta,
  ZERO,
} from '@tidemark/shared'

interface Build {
  standing: Standing
  readonly docs: Map<string, { readonly doc: JsonObject; readonly version: number; readonly created: number }>
  /** Of each windowed collection: what was created at or before it was left out. */
  readonly floors: Map<string, number>
}

const nothing = (): Build => ({ standing: { version: ZERO, seal: EMPTY_SEAL }, docs: new Map(), floors: new Map() })

/** A copy of one space as protocol §1 describes it, by the letter and slowly: what a server's ranges must make right. */
export class Copy {
  #whole: Build = nothing()
  /** A new beginning that is not whole yet [R6]. */
  #unfinished: Build | undefined
  /** Nonces that came with changes. */
  readonly origins: string[] = []
  readonly verdicts: Verdict[] = []

  /** What the copy states. */
  get standing(): Standing {
    return (this.#unfinished ?? this.#whole).standing
  }

  get isWhole(): boolean {
    return this.#unfinished === undefined && !this.#whole.standing.seal.includes('~')
  }

  /** Documents as the app sees them, sorted. */
  get documents(): Record<string, Json> {
    return Object.fromEntries([...this.#whole.docs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { doc }]) => [key, doc]))
  }

  get created(): Record<string, number> {
    return Object.fromEntries([...this.#whole.docs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { created }]) => [key, created]))
  }

  floor(collection: string): number {
    return this.#whole.floors.get(collection) ?? 0
  }

  take(range: Range): Verdict {
    const verdict = judge(this.standing, range)
    this.verdicts.push(verdict)
    if (verdict === 'reset') this.#unfinished = nothing()
    if (verdict === 'reset' || verdict === 'news') {
      const build = this.#unfinished ?? this.#whole
      apply(build, range.changes)
      for (const { o } of range.changes) if (o !== undefined) this.origins.push(o)
      for (const [collection, floor] of Object.entries(range.floors ?? {}))
        build.floors.set(collection, Math.max(floor, build.floors.get(collection) ?? 0))
      build.standing = { version: range.to, seal: range.seal }
      if (this.#unfinished !== undefined && range.to === range.head) {
        this.#whole = this.#unfinished
        this.#unfinished = undefined
      }
    }
    return verdict
  }
}

function apply({ docs }: Build, changes: readonly Change[]): void {
  let last = 0
  for (const change of changes) {
    if (change.v < last) throw new Error('changes are not in order of version')
    last = change.v
    const key = `${change.c}/${change.id}`
    if ('put' in change) docs.set(key, { doc: change.put, version: change.v, created: change.b ?? change.v })
    else if ('del' in change) docs.delete(key)
    else {
      const held = docs.get(key)
      if (held === undefined) throw new Error(`damage: a set for ${key}, which the copy does not hold [C3]`)
      docs.set(key, { ...held, doc: withDelta(held.doc, change), version: change.v })
    }
  }
}
