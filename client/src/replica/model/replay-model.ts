import { type Ack, judge, type Mutation, type Range } from '@tidemark/shared'
import { type Doc, type Docs, perform, touchedBy } from './mutators.ts'

export type Top = Map<string, { doc: Doc | undefined; b: number | 'pending' }>
export interface ModelCopy {
  base: Docs
  version: number
  seal: string
  settled: boolean
  history: boolean
  arrivals: Set<string>
}
export type Made = Mutation & { state: 'pending' | 'done' | 'gone'; in: Record<string, number>; arrived: Set<string> }

interface Counts {
  created: number
  confirmed: number
  refused: number
  discarded: number
}

/** What the replica should be, computed from nothing each time. */
export class ReplayModel {
  readonly shown: Map<string, ModelCopy> = new Map()
  readonly next: Map<string, ModelCopy> = new Map()
  readonly made: Made[] = []
  readonly known: Map<string, { n: number; head: number }> = new Map()
  readonly counts: Counts = { created: 0, confirmed: 0, refused: 0, discarded: 0 }

  standing(space: string): { version: number; seal: string } {
    const { version, seal } = this.next.get(space) ?? this.shown.get(space) ?? { version: 0, seal: '' }
    return { version, seal }
  }
  begin(space: string, rights: boolean, history: boolean): void {
    const fresh: ModelCopy = { base: new Map(), version: 0, seal: '', settled: false, history, arrivals: new Set() }
    const before = this.shown.get(space)
    if (before?.settled && !rights) this.next.set(space, fresh)
    else {
      if (before) for (const m of this.made) m.arrived.delete(space)
      if (before && history) this.end(space, (m) => m.state === 'done')
      this.shown.set(space, fresh)
      this.next.delete(space)
    }
  }
  end(space: string, which: (m: Made) => boolean): void {
    for (const m of this.made) if (m.state !== 'gone' && touchedBy(m).includes(space) && which(m)) m.arrived.add(space)
    this.forget()
  }
  forget(): void {
    for (const m of this.made) if (m.state === 'done' && touchedBy(m).every((space) => m.arrived.has(space))) m.state = 'gone'
  }
  apply(range: Range): void {
    const { space } = range
    if (range.acked) this.known.set(space, { n: range.acked[0], head: range.head })
    // What was done at a head of a history that is no more says nothing of any range.
    else if (range.reset === 'history') this.known.delete(space)
    const verdict = judge(this.standing(space) as never, range)
    if (verdict === 'lost' || verdict === 'repeat') return
    if (verdict === 'reset' || !this.shown.has(space)) this.begin(space, range.reset === 'rights', range.reset === 'history')
    const next = this.next.get(space)
    const target = next ?? (this.shown.get(space) as ModelCopy)
    const base: Docs = new Map(target.base)
    for (const change of range.changes) {
      const key = `${change.c}/${change.id}`
      const before = base.get(key)
      if ('del' in change) base.delete(key)
      else if ('put' in change) base.set(key, { doc: change.put as Doc, b: change.b ?? change.v })
      else if (before) base.set(key, { doc: { ...before.doc, ...(change.set as Doc) }, b: before.b })
      else {
        this.begin(space, false, false)
        return
      }
    }
    Object.assign(target, { base, version: range.to, seal: range.seal })
    for (const { o } of range.changes) if (o) target.arrivals.add(o)
    const fact = this.known.get(space)
    if (next && range.to !== range.head) return
    if (next) {
      for (const m of this.made) m.arrived.delete(space)
      this.shown.set(space, next)
      this.next.delete(space)
      if (next.history) this.end(space, (m) => m.state === 'done')
    }
    if (range.to === range.head) target.settled = true
    this.end(space, (m) => target.arrivals.has(m.nonce) || (m.state === 'done' && (m.in[space] ?? Infinity) <= range.to))
    if (fact && fact.head <= range.to) this.end(space, (m) => m.n <= fact.n)
  }
  settle(ack: Ack): void {
    const m = this.made.find(({ n, nonce, state }) => n === ack.n && nonce === ack.nonce && state === 'pending')
    if (!m) return
    if (ack.error) {
      m.state = 'gone'
      this.counts.refused++
      return
    }
    this.counts.confirmed++
    m.state = 'done'
    m.in = (ack.in ?? {}) as Record<string, number>
    for (const space of touchedBy(m)) {
      const version = m.in[space]
      if (version === undefined || !this.shown.has(space) || version <= (this.shown.get(space) as ModelCopy).version) m.arrived.add(space)
    }
    this.forget()
  }
  drop(space: string): void {
    this.known.delete(space)
    if (!this.shown.delete(space)) return
    this.next.delete(space)
    for (const m of this.made) if (m.state === 'pending') m.arrived.delete(space)
    this.end(space, (m) => m.state === 'done')
  }
  /** Runs a mutation on what lies in `top`; false where it refuses, and then nothing of it stays. */
  on(top: Top, m: Pick<Made, 'space' | 'name' | 'args' | 'madeMs' | 'arrived'>): boolean {
    const written: Top = new Map()
    const at = (space: string, key: string) => {
      const place = `${space} ${key}`
      const above = m.arrived.has(space) ? undefined : (written.get(place) ?? top.get(place))
      return above ?? this.shown.get(space)?.base.get(key)
    }
    const get = (space: string, key: string) => at(space, key)?.doc
    const set = (space: string, key: string, doc: Doc | undefined) => {
      const before = at(space, key)
      // What is created again after a deletion is new [C1].
      if (this.shown.has(space)) written.set(`${space} ${key}`, { doc, b: before?.doc ? before.b : 'pending' })
    }
    if (!perform(m, { get, set }, (space) => m.arrived.has(space))) return false
    for (const [place, entry] of written) top.set(place, entry)
    return true
  }
  top(): Top {
    const top: Top = new Map()
    for (const m of this.made) if (m.state !== 'gone' && touchedBy(m).some((space) => !m.arrived.has(space))) this.on(top, m)
    return top
  }
  view(): Record<string, unknown> {
    const view: Record<string, unknown> = {}
    for (const [space, { base }] of this.shown) for (const [key, { doc, b }] of base) view[`${space} ${key}`] = { doc, p: 0, b }
    for (const [at, { doc, b }] of this.top()) {
      if (doc) view[at] = { doc, p: 1, b }
      else delete view[at]
    }
    return sorted(view)
  }
}
export const sorted = (view: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(view).sort(([a], [b]) => (a < b ? -1 : 1)))
