import type { ChangedFields } from './changed-fields.ts'
import type { DocumentFields } from './field.ts'
import { comparing, type Question } from './question.ts'

/** A document of a mirror, before and after a batch of commits. At least one is there. */
export interface DocumentChange {
  readonly before: DocumentFields | undefined
  readonly after: DocumentFields | undefined
  /** Where both are there; undefined where the document was replaced. */
  readonly fields: ChangedFields | undefined
}

/** What a batch did to one document in a result. `limit`: it did not change itself. */
export interface Move {
  readonly doc: DocumentFields
  readonly queueType: 'update' | 'enqueue' | 'dequeue'
  readonly dataType: 'update' | 'replace' | 'add' | 'remove' | 'limit'
  /** With `update`. */
  readonly fields?: ChangedFields | undefined
}

/** The answer to a question, kept true at the cost of what changes. */
export interface Result {
  /** Never changed once it is given out: another one takes its place. */
  readonly docs: readonly DocumentFields[]
  /** Takes a batch; no moves: `docs` are as they were. Throws what a filter throws; then it is of no more use. */
  take(changes: readonly DocumentChange[]): readonly Move[]
}

/** Changes in a batch that are put in one by one; of more than that everything is sorted, which then is cheaper. */
const PLACED_MAX = 64

/** Throws what a filter throws. */
export function resultOf({ id, tests, order, limit }: Question, documents: Iterable<DocumentFields>): Result {
  const compare = comparing(order)
  const fits = (doc: DocumentFields | undefined): doc is DocumentFields =>
    doc !== undefined && (id === undefined || doc.$id === id) && tests.every(({ passes }) => passes(doc))
  /** All that fit, in order, those beyond the limit too. */
  let matches: readonly DocumentFields[] = Array.from(documents).filter(fits).sort(compare)
  let docs = within(matches)

  function within(matches: readonly DocumentFields[]): readonly DocumentFields[] {
    return Object.freeze(limit < matches.length ? matches.slice(0, limit) : matches)
  }
  /** Where a document is, or would be. */
  function placeIn(list: readonly DocumentFields[], doc: DocumentFields): number {
    let from = 0
    let to = list.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (compare(list[middle] as DocumentFields, doc) < 0) from = middle + 1
      else to = middle
    }
    return from
  }
  function replaced(gone: readonly DocumentFields[], come: readonly DocumentFields[]): readonly DocumentFields[] {
    if (gone.length + come.length > PLACED_MAX) {
      const left = new Set(gone)
      return [...matches.filter((doc) => !left.has(doc)), ...come].sort(compare)
    }
    const next = [...matches]
    for (const doc of gone) next.splice(placeIn(next, doc), 1)
    for (const doc of come) next.splice(placeIn(next, doc), 0, doc)
    return next
  }

  return {
    get docs() {
      return docs
    },
    take(changes) {
      const gone: DocumentFields[] = []
      const come: DocumentFields[] = []
      const concerned = changes.filter(({ before, after }) => {
        const isGone = before !== undefined && matches[placeIn(matches, before)] === before
        if (isGone) gone.push(before)
        if (fits(after)) come.push(after)
        else if (!isGone) return false
        return true
      })
      if (concerned.length === 0) return []
      const isIn = (list: readonly DocumentFields[], doc: DocumentFields | undefined) => {
        const at = doc ? placeIn(list, doc) : limit
        return at < limit && list[at] === doc
      }
      const next = replaced(gone, come)
      const nextDocs = within(next)
      const moves: Move[] = []
      /** Of both lists, those that did not change themselves. */
      let stayed = docs.length
      let stays = nextDocs.length
      for (const { before, after, fields } of concerned) {
        const was = isIn(matches, before)
        const is = isIn(next, after)
        if (was) stayed--
        if (is) stays--
        if (!was && !is) continue
        const dataType = !before ? 'add' : !after ? 'remove' : fields ? 'update' : 'replace'
        moves.push({
          doc: (after ?? before) as DocumentFields,
          queueType: was && is ? 'update' : is ? 'enqueue' : 'dequeue',
          dataType,
          fields,
        })
      }
      // They kept their order: what the limit moved stands last.
      const changed = new Set<DocumentFields>([...gone, ...come])
      const [list, queueType] = stays > stayed ? [nextDocs, 'enqueue' as const] : [docs, 'dequeue' as const]
      for (let at = list.length - 1, left = Math.abs(stays - stayed); left > 0; at--) {
        const doc = list[at] as DocumentFields
        if (changed.has(doc)) continue
        moves.push({ doc, queueType, dataType: 'limit' })
        left--
      }
      matches = next
      if (moves.length > 0) docs = nextDocs
      return moves
    },
  }
}
