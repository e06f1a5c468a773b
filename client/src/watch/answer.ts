import type { DocumentFields } from './field.ts'
import type { Question } from './question.ts'
import { type DocumentChange, type Move, type Result, resultOf } from './result.ts'
import type { Snapshot, Watch, WatchListener } from './watch-api.ts'

/** `onEnd`: the replica is closed; where it is missing that is an error. */
export interface Listener extends WatchListener<unknown> {
  onEnd?(): void
}
interface Watcher {
  readonly listener: Listener
  /** Where it was made; in development. */
  readonly made: string | undefined
  hasBegun: boolean
}

/** What one question is answered, for all that watch it. */
export interface Answer {
  readonly question: Question
  /** undefined before the documents were read. */
  readonly last: Snapshot<unknown> | undefined
  readonly watchers: ReadonlySet<Watcher>
  /** It is told at the next `take`. */
  join(listener: Listener, made?: string): Watch
  /** Takes a batch of changes. Returns what tells of it. Throws what a filter throws; then it is of no more use. */
  take(docs: ReadonlyMap<string, DocumentFields>, changes: readonly DocumentChange[]): () => void
  /** Nobody is told anything any more but why. */
  end(tell: (listener: Listener) => void): void
}

/** `left`: the last one that watched has closed. */
export function answerOf(question: Question, left: () => void): Answer {
  const watchers = new Set<Watcher>()
  let result: Result | undefined
  let last: Snapshot<unknown> | undefined
  /** For those who come now. */
  let first: Snapshot<unknown> | undefined

  function leave(watcher: Watcher): void {
    if (watchers.delete(watcher) && watchers.size === 0) left()
  }
  function tell(isNew: boolean): void {
    if (!last) return
    for (const watcher of [...watchers]) {
      // One before it may have closed it.
      if (!watchers.has(watcher) || (watcher.hasBegun && !isNew)) continue
      if (!watcher.hasBegun) first ??= beginning(last.id, last.docs)
      const snapshot = watcher.hasBegun ? last : first
      watcher.hasBegun = true
      try {
        watcher.listener.onChange(snapshot as Snapshot<unknown>)
      } catch (error) {
        leave(watcher)
        fail(watcher.listener, error)
      }
    }
  }
  return {
    question,
    watchers,
    get last() {
      return last
    },
    join(listener, made) {
      const watcher = { listener, made, hasBegun: false }
      watchers.add(watcher)
      return { close: () => leave(watcher) }
    },
    take(docs, changes) {
      if (!result || !last) {
        const one = question.id === undefined ? undefined : docs.get(question.id)
        result = resultOf(question, question.id === undefined ? docs.values() : one ? [one] : [])
        last = first = beginning(0, result.docs)
        return () => tell(false)
      }
      const moves = result.take(changes)
      if (moves.length === 0) return () => tell(false)
      last = snapshotOf(last.id + 1, result.docs, moves)
      first = undefined
      return () => tell(true)
    },
    end(tell) {
      const told = [...watchers]
      watchers.clear()
      for (const { listener } of told) tell(listener)
    },
  }
}

/** Tells why it is over. What it throws itself is told to nobody but the page. */
export function fail(listener: Listener, error: unknown): void {
  try {
    listener.onError(error instanceof Error ? error : new Error(String(error)))
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}

type Told = Move | { readonly doc: DocumentFields; readonly queueType: 'init'; readonly dataType: 'init'; readonly fields?: undefined }

function beginning(id: number, docs: readonly unknown[]): Snapshot<unknown> {
  const told = (docs as readonly DocumentFields[]).map((doc): Told => ({ doc, queueType: 'init', dataType: 'init' }))
  return Object.freeze({ ...snapshotOf(id, docs, told), type: 'init' })
}

function snapshotOf(id: number, docs: readonly unknown[], told: readonly Told[]): Snapshot<unknown> {
  const docChanges = told.map(({ doc, queueType, dataType, fields }) =>
    Object.freeze({ id, docId: doc.$id, doc, queueType, dataType, ...fields }),
  )
  return Object.freeze({ id, docs, docChanges: Object.freeze(docChanges) }) as unknown as Snapshot<unknown>
}
