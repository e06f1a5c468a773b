import type { SyncError } from '@tidemark/shared'
import { canonical } from './history.ts'
import { type SimulatedSpace, SPACES } from './simulated-app.ts'

interface Row {
  readonly $id: string
  readonly $b: number
  readonly text: string
}
interface Change {
  readonly id: number
  readonly docId: string
  readonly doc: Row
  readonly queueType: 'init' | 'update' | 'enqueue' | 'dequeue'
}
interface Snapshot {
  readonly id: number
  readonly type?: 'init'
  readonly docs: readonly Row[]
  readonly docChanges: readonly Change[]
}
interface Watchable {
  watch(listener: { onChange(snapshot: Snapshot): void; onError(error: Error): void }): { close(): void }
}
interface Lines extends Watchable {
  orderBy(field: 'text', direction: 'desc'): { limit(count: number): Watchable }
}

/** What is asked: all lines of a space, and the last few by their text. */
const QUESTIONS = {
  all: (lines: Lines): Watchable => lines,
  last: (lines: Lines): Watchable => lines.orderBy('text', 'desc').limit(LAST),
}
type Question = keyof typeof QUESTIONS
const LAST = 3
/** A watch may end because a right was taken, the page's data is gone, or its replica was closed. */
const ENDS_FOR = ['forbidden', 'unavailable']

interface Watched {
  /** What was told last; undefined before the first. */
  last: Snapshot | undefined
}

/** The watches of one tab: what each is told must follow from what it was told before, and be what the tables hold. */
export class QueryWatch {
  readonly #tab: string
  readonly #fail: (oracle: string, message: string) => void
  readonly #open = new Map<string, Watched>()

  constructor(tab: string, fail: (oracle: string, message: string) => void) {
    this.#tab = tab
    this.#fail = fail
  }

  /** Opens those that are not open, as an app does whose page says why. `space`: of its replica. */
  open(space: (id: SimulatedSpace) => { readonly lines: unknown } | undefined): void {
    for (const id of SPACES)
      for (const question of Object.keys(QUESTIONS) as Question[]) {
        const name = `${question} of ${id}`
        const lines = this.#open.has(name) ? undefined : space(id)?.lines
        if (lines === undefined) continue
        const watched: Watched = { last: undefined }
        this.#open.set(name, watched)
        QUESTIONS[question](lines as Lines).watch({
          onChange: (snapshot) => this.#follows(name, watched, snapshot),
          onError: (error) => {
            this.#open.delete(name)
            if (!ENDS_FOR.includes((error as SyncError).code)) this.#fail('watch', `${this.#tab}, ${name} ended: ${error}`)
          },
        })
      }
  }

  /** What was told last is not what these rows come to: by space, the lines of its copy. Watches that ended count where all have to be open. */
  wrong(rowsOf: (space: SimulatedSpace) => readonly Row[], areAllOpen: boolean): string[] {
    return SPACES.flatMap((id) => {
      if (!areAllOpen && Object.keys(QUESTIONS).some((question) => !this.#open.has(`${question} of ${id}`))) return []
      const rows = rowsOf(id)
      const all = rows.map(textOf).sort()
      const last = rows.toSorted((a, b) => byText(b, a) || byCreation(a, b)).slice(0, LAST)
      return [
        this.#differs(`all of ${id}`, all, (docs) => docs.map(textOf).sort()),
        this.#differs(`last of ${id}`, last.map(textOf), (docs) => docs.map(textOf)),
      ].filter((message) => message !== undefined)
    })
  }

  #differs(name: string, expected: readonly string[], textsOf: (docs: readonly Row[]) => readonly string[]): string | undefined {
    const told = this.#open.get(name)?.last
    const texts = told && textsOf(told.docs)
    if (texts?.join() === expected.join()) return undefined
    return `${this.#tab}, ${name} was told ${texts?.join() ?? 'nothing'}, should be ${expected.join()}`
  }

  /** One snapshot, out of the one before and what is said to have changed. */
  #follows(name: string, watched: Watched, snapshot: Snapshot): void {
    const { last } = watched
    watched.last = snapshot
    const fail = (what: string) => this.#fail('watch', `${this.#tab}, ${name}: ${what}`)
    const isFirst = last === undefined
    if (isFirst !== (snapshot.type === 'init'))
      fail(`snapshot ${snapshot.id} is ${isFirst ? 'the first, and' : ''} of type ${snapshot.type}`)
    if (last && snapshot.id !== last.id + 1) fail(`snapshot ${snapshot.id} follows ${last.id}`)
    const docs = new Map(last?.docs.map((doc) => [doc.$id, doc]))
    for (const { id, docId, doc, queueType } of snapshot.docChanges) {
      if (id !== snapshot.id || doc.$id !== docId) fail(`a change of ${docId} bears ${id} and ${doc.$id} in snapshot ${snapshot.id}`)
      const isNew = queueType === 'init' || queueType === 'enqueue'
      if (isNew === docs.has(docId)) fail(`${docId} is said to ${queueType}, and was ${isNew ? '' : 'not '}there`)
      if (queueType === 'dequeue') docs.delete(docId)
      else docs.set(docId, doc)
    }
    if (docs.size !== snapshot.docs.length || snapshot.docs.some((doc) => docs.get(doc.$id) !== doc))
      fail(`what changed leads to ${[...docs.keys()]}, and told is ${snapshot.docs.map(({ $id }) => $id)}`)
    const order = name.startsWith('last') ? (a: Row, b: Row) => byText(b, a) || byCreation(a, b) : byCreation
    if (snapshot.docs.some((doc, at) => at > 0 && order(snapshot.docs[at - 1] as Row, doc) >= 0)) fail('it is out of order')
  }
}

function textOf(row: Row): string {
  return `${row.$id} ${canonical({ ...row })}`
}

function byText(a: Row, b: Row): number {
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0
}

function byCreation(a: Row, b: Row): number {
  return a.$b - b.$b || (a.$id < b.$id ? -1 : a.$id > b.$id ? 1 : 0)
}
