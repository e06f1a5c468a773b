import type { Ack, Change, Mutation, Range } from '@tidemark/shared'
import { type Doc, type Docs, perform } from './mutators.ts'

interface Space {
  readonly docs: Docs
  readonly log: Change[][]
  readonly seals: string[]
}
interface Page {
  readonly from: number
  readonly to: number
  readonly changes: readonly Change[]
  readonly compacted?: true
}

/** The server: a log a space, and the record of one client's mutations. */
export class ReplayServer {
  readonly spaces: Map<string, Space> = new Map()
  readonly done: Ack[] = []
  history = 0
  readonly runs: Map<string, readonly Range[]> = new Map()

  constructor(spaces: readonly string[]) {
    for (const space of spaces) this.spaces.set(space, { docs: new Map(), log: [], seals: ['00000000'] })
  }
  of(space: string): Space {
    const found = this.spaces.get(space)
    if (!found) throw new Error(`no space ${space}`)
    return found
  }
  commit(space: string, writes: Map<string, Doc | undefined>, asSet: boolean, o?: string): number {
    const { docs, log, seals } = this.of(space)
    const v = log.length + 1
    const changes: Change[] = []
    for (const [key, doc] of writes) {
      const [c, id] = key.split('/') as [string, string]
      const before = docs.get(key)
      if (!doc) {
        docs.delete(key)
        changes.push({ v, c, id, del: true } as never)
      } else {
        docs.set(key, { doc, b: before?.b ?? v })
        changes.push((before && asSet ? { v, c, id, set: doc } : { v, c, id, put: doc, ...(before ? { b: before.b } : {}) }) as never)
      }
    }
    if (o) changes[0] = { ...changes[0], o } as never
    log.push(changes)
    seals.push(`h${this.history}v${v}`)
    return v
  }
  run(mutation: Mutation): void {
    if (mutation.n <= this.done.length) return
    if (mutation.n !== this.done.length + 1) throw new Error(`mutation ${mutation.n} came, ${this.done.length + 1} is next`)
    const writes = new Map<string, Map<string, Doc | undefined>>()
    const get = (space: string, key: string) =>
      writes.get(space)?.has(key) ? writes.get(space)?.get(key) : this.of(space).docs.get(key)?.doc
    const set = (space: string, key: string, doc: Doc | undefined) => void writes.set(space, (writes.get(space) ?? new Map()).set(key, doc))
    const fine = perform(mutation, { get, set }, () => false) && mutation.args.text !== 'refuse me'
    const { n, nonce } = mutation
    if (!fine) this.done.push({ n, nonce, error: { code: 'rejected', message: 'no', retryable: false } })
    else {
      const versions = [...writes].map(([space, docs]) => [space, this.commit(space, docs, mutation.name === 'edit', nonce)])
      this.done.push({ n, nonce, in: Object.fromEntries(versions) })
    }
  }
  /** A backup is restored: the last commits never were. */
  restore(space: string, commits: number): void {
    const { log, seals } = this.of(space)
    const kept = log.slice(0, Math.max(0, log.length - commits))
    this.history++
    const docs: Docs = new Map()
    for (const change of kept.flat()) {
      const key = `${change.c}/${change.id}`
      if ('del' in change) docs.delete(key)
      else if ('put' in change) docs.set(key, { doc: change.put as Doc, b: change.b ?? change.v })
      else docs.set(key, { doc: { ...docs.get(key)?.doc, ...(change.set as Doc) }, b: docs.get(key)?.b as number })
    }
    this.spaces.set(space, { docs, log: kept, seals: seals.slice(0, kept.length + 1) })
    this.runs.clear()
  }
  /** All that a copy standing there lacks, in pages. */
  answer(
    space: string,
    at: { version: number; seal: string },
    { pages, compacted, reset }: { pages: number; compacted: boolean; reset?: string },
  ): readonly Range[] {
    const { log, seals, docs } = this.of(space)
    if (this.runs.has(at.seal)) return this.runs.get(at.seal) as readonly Range[]
    const head = log.length
    const last = this.done.at(-1)
    const acked = last ? [last.n, last.nonce] : [0, '']
    const lost = at.version > 0 && (reset ?? (seals[at.version] === at.seal ? undefined : 'history'))
    const from = lost ? 0 : at.version
    const answer: Page[] = []
    if (compacted) {
      const latest = new Map<string, Change>()
      for (const change of log.slice(from).flat()) {
        const key = `${change.c}/${change.id}`
        const now = docs.get(key)
        const { v, c, id, o } = change
        latest.delete(key)
        latest.set(
          key,
          (now
            ? { v, c, id, put: now.doc, ...(now.b < v ? { b: now.b } : {}), ...(o ? { o } : {}) }
            : { v, c, id, del: true, ...(o ? { o } : {}) }) as never,
        )
      }
      const versions = [...new Set([...latest.values()].map(({ v }) => v as number))]
      const cuts = versions.filter((_, index) => (index + 1) % pages === 0).filter((v) => v < head)
      let start = from
      for (const to of [...cuts, head]) {
        answer.push({ from: start, to, compacted: true, changes: [...latest.values()].filter(({ v }) => v > start && v <= to) })
        start = to
      }
    } else
      for (let start = from; start < head || answer.length === 0; start += pages)
        answer.push({ from: start, to: Math.min(head, start + pages), changes: log.slice(start, start + pages).flat() })
    const run = `${this.history}.${head}.${from}`
    const sealOf = (to: number) => (compacted && to < head ? `${seals[to]}~${run}` : seals[to])
    const ranges = answer.map((page, index) => ({
      space,
      ...page,
      head,
      on: index === 0 ? (from === 0 && !lost ? '00000000' : at.seal) : sealOf(page.from),
      seal: sealOf(page.to),
      acked,
      ...(lost && index === 0 ? { reset: lost } : {}),
    })) as unknown as readonly Range[]
    if (compacted) for (const [index, range] of ranges.entries()) if (range.to < head) this.runs.set(range.seal, ranges.slice(index + 1))
    return ranges
  }
}
