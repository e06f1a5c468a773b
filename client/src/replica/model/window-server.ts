import type { Change, OlderPage, Range } from '@tidemark/shared'
import { message, rangeOf } from '../../testing/ranges.ts'

interface Doc {
  readonly text: string
  readonly v: number
  readonly b: number
}
export type Docs = ReadonlyMap<string, Doc>
/** What a version is, and what its commit changed. */
interface State {
  readonly docs: Docs
  readonly deleted: ReadonlyMap<string, number>
  readonly changes: readonly Change[]
  readonly seal: string
}

/** Documents that a first sync has at least. */
const WINDOW = 3

interface Standing {
  readonly version: number
  readonly seal: string
}

/** The server of one space with one windowed collection, in the plainest way: all its states, and how it answers from them. */
export class WindowServer {
  /** By version. */
  #states: State[] = [{ docs: new Map(), deleted: new Map(), changes: [], seal: '00000000' }]
  #history = 0

  get head(): number {
    return this.#states.length - 1
  }
  docsAt(version: number): Docs {
    return this.#states[version]?.docs ?? new Map()
  }
  knows({ version, seal }: Standing): boolean {
    return version === 0 || this.#states[version]?.seal === seal
  }
  commit(ids: readonly string[], deletes: boolean): void {
    const before = this.#states[this.head] as State
    const docs = new Map(before.docs)
    const deleted = new Map(before.deleted)
    const v = this.head + 1
    const changes: Change[] = []
    for (const id of new Set(ids)) {
      const held = docs.get(id)
      if (deletes) {
        if (!held) continue
        docs.delete(id)
        deleted.set(id, v)
        changes.push({ v, c: 'messages', id, del: true } as never)
        continue
      }
      const text = `${id} of ${this.#history}.${v}`
      docs.set(id, { text, v, b: held?.b ?? v })
      deleted.delete(id)
      changes.push(message(v, id, text, held ? { b: held.b } : {}))
    }
    this.#states.push({ docs, deleted, changes, seal: `h${this.#history}v${v}` })
  }
  /** A backup: the last commits never were. */
  restore(commits: number): void {
    this.#states.length = Math.max(1, this.#states.length - commits)
    this.#history++
  }
  /** The next page for a copy. `compacted` only decides where both would do; `size`: commits of a page, or documents. */
  answer(at: Standing, size: number, compacted: boolean, reset?: string): Range {
    const [seal, began, readAt, from] = at.seal.split('~')
    const known = from === undefined ? this.knows(at) : this.#states[Number(readAt)]?.seal === seal
    const more = !known
      ? { reset: 'history', on: at.seal }
      : reset && at.version > 0
        ? { reset, on: at.seal }
        : { on: at.seal || '00000000' }
    const start = 'reset' in more ? 0 : at.version
    if (from !== undefined && start > 0) return this.#compacted(start, Number(began), Number(from), size, more)
    // A window is cut only in a run.
    if (compacted || (start === 0 && this.docsAt(this.head).size > WINDOW)) return this.#compacted(start, this.head, start, size, more)
    const to = Math.min(this.head, start + size)
    const changes = this.#states.slice(start + 1, to + 1).flatMap(({ changes }) => changes)
    return rangeOf(start, to, changes, { ...more, seal: this.#states[to]?.seal, head: this.head })
  }
  #compacted(start: number, began: number, from: number, size: number, more: object): Range {
    const { docs, deleted, seal } = this.#states[this.head] as State
    const newest = [...docs.values()].map(({ b }) => b).sort((a, b) => b - a)
    const floor = from === 0 ? (newest[WINDOW] ?? 0) : 0
    const changes = [
      ...[...docs].flatMap(([id, { text, v, b }]) => (b > floor || v > began ? [message(v, id, text, b < v ? { b } : {})] : [])),
      ...[...deleted].flatMap(([id, v]) => (from > 0 || v > began ? [{ v, c: 'messages', id, del: true } as unknown as Change] : [])),
    ]
      .filter(({ v }) => v > start)
      .sort((a, b) => a.v - b.v)
    const versions = [...new Set(changes.map(({ v }) => v))]
    const to = versions.length > size ? (versions[size - 1] as number) : this.head
    return rangeOf(
      start,
      to,
      changes.filter(({ v }) => v <= to),
      {
        ...more,
        compacted: true,
        seal: to === this.head ? seal : `${seal}~${began}~${this.head}~${from}`,
        head: this.head,
        ...(floor > 0 && { floors: { messages: floor } }),
      },
    )
  }
  /** Older documents as they were at `head`. */
  older(before: number, limit: number, head: number): OlderPage {
    const all = [...this.docsAt(head)].filter(([, { b }]) => b <= before).sort(([, a], [, b]) => b.b - a.b)
    const last = all[limit - 1]?.[1].b ?? 0
    const docs = all.filter(([, { b }], at) => at < limit || b === last)
    const floor = all[docs.length]?.[1].b ?? 0
    return { docs: docs.map(([id, { text, v, b }]) => message(v, id, text, { b })), floor, head, seal: this.#states[head]?.seal } as never
  }
}
