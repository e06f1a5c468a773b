import {
  type Change,
  EMPTY_SEAL,
  type Json,
  type JsonObject,
  judge,
  type OlderPage,
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

/** A page of older documents that is awaited, with what came for its collection meanwhile. */
export interface OlderAsked {
  readonly collection: string
  readonly before: number
  readonly version: number
  readonly kept: Change[]
  /** Seals of the numbers at which the copy stood since. */
  readonly stood: Map<number, string>
}

/** A copy of one space as protocol §1 describes it, by the letter and slowly: what a server's ranges must make right. */
export class Copy {
  #whole: Build = nothing()
  /** A new beginning that is not whole yet [R6]. */
  #unfinished: Build | undefined
  /** Nonces that came with changes. */
  readonly origins: string[] = []
  readonly verdicts: Verdict[] = []
  readonly #awaited = new Set<OlderAsked>()

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

  /** A question for older documents, which this copy must be whole for [W2]. */
  askOlder(collection: string): OlderAsked {
    if (!this.isWhole) throw new Error('older is asked for a whole copy')
    const { version, seal } = this.standing
    const asked = { collection, before: this.floor(collection), version, kept: [], stood: new Map([[version, seal]]) }
    this.#awaited.add(asked)
    return asked
  }

  /**
   * `again`: the page is void, or of another time or history: it is to be asked for again. `ahead`: the copy has to reach its head first.
   * `unproven`: it did, and a pull has to tell whether the server has that head and seal (`isHeld`).
   */
  takeOlder(asked: OlderAsked, { docs, floor, head, seal }: OlderPage, isHeld = false): 'taken' | 'again' | 'ahead' | 'unproven' {
    const { docs: held, floors, standing } = this.#whole
    if (!this.#awaited.has(asked)) return 'again'
    if (head > standing.version) return 'ahead'
    const stood = asked.stood.get(head)
    if (head > asked.version && stood === undefined && !isHeld) return 'unproven'
    this.#awaited.delete(asked)
    if (head < asked.version || (stood ?? seal) !== seal) return 'again'
    const deleted = new Set(asked.kept.filter((change) => 'del' in change && change.v > head).map(({ id }) => id))
    for (const { v, c, id, put, b } of docs) {
      if (deleted.has(id) || (held.get(`${c}/${id}`)?.version ?? 0) >= v) continue
      held.set(`${c}/${id}`, { doc: put, version: v, created: b ?? v })
    }
    floors.set(asked.collection, floor)
    return 'taken'
  }

  take(range: Range): Verdict {
    const verdict = judge(this.standing, range)
    this.verdicts.push(verdict)
    if (verdict === 'reset') this.#unfinished = nothing()
    if (verdict === 'reset' || verdict === 'news') {
      const build = this.#unfinished ?? this.#whole
      apply(build, range.changes)
      // A new beginning voids the pages that were asked for the old one.
      if (build !== this.#whole) this.#awaited.clear()
      for (const { kept, collection } of this.#awaited) kept.push(...range.changes.filter(({ c }) => c === collection))
      for (const { o } of range.changes) if (o !== undefined) this.origins.push(o)
      for (const [collection, floor] of Object.entries(range.floors ?? {}))
        build.floors.set(collection, Math.max(floor, build.floors.get(collection) ?? 0))
      build.standing = { version: range.to, seal: range.seal }
      for (const { stood } of this.#awaited) stood.set(range.to, range.seal)
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
