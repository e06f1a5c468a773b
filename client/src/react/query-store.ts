import { BadRequestError, type Clock, UnavailableError } from '@tidemark/shared'
import type { Watchable, WatchListener } from '../watch/watch-api.ts'
import type { Cell } from './frame-cells.ts'
import { type Held, kept } from './kept.ts'
import { LOADING, type QueryResult, resultOf } from './query-result.ts'

/** What hooks need of a query or a collection. */
export type Asked<Doc> = Pick<Watchable<Doc>, 'watch' | 'current' | 'key'>

/** One question, watched once for all components that ask it. */
export interface QueryStore<Doc> {
  readonly result: Cell<QueryResult<Doc>>
  /** Resolves once there is something else to show than that it loads. Never rejects. */
  readonly loaded: Promise<void>
  /** When it failed, in ms of the monotonic clock. */
  readonly failedAtMs: number | undefined
  close(): void
}

/** How long a failure is told to whoever asks the same, in ms: React renders once more before it believes an error. */
const FAILED_KEPT_MS = 1_000

export interface QueryPorts {
  readonly clock: Clock
  readonly cell: <T>(initial: T) => Cell<T>
}

function openQuery<Doc>({ clock, cell }: QueryPorts, query: Asked<Doc>): QueryStore<Doc> {
  // Types say so, too; in JavaScript, or with `any`, it is easily one of Dexie's.
  if (typeof query.watch !== 'function')
    throw new BadRequestError(
      "This is no query that can be watched: give a collection, or such as messages.where({ done: false }).orderBy('title', 'asc').",
    )
  const { current } = query
  const result = cell<QueryResult<Doc>>(current ? resultOf(current) : LOADING)
  let latest = result.get()
  let failedAtMs: number | undefined
  let settle = () => {}
  const loaded = new Promise<void>((resolve) => {
    settle = resolve
  })
  if (!latest.isLoading) settle()
  function fail(error: Error): void {
    failedAtMs = clock.monotonicMs()
    latest = { docs: latest.docs, isLoading: false, error }
    result.setNow(latest)
    settle()
  }
  const listener: WatchListener<Doc> & { onEnd(): void } = {
    onChange(snapshot) {
      const next = resultOf(snapshot)
      if (hasSameDocs(latest, next)) return
      const wasLoading = latest.isLoading
      latest = next
      // Whoever waits for the first need not wait for a frame, too.
      if (wasLoading) result.setNow(latest)
      else result.set(latest)
      settle()
    },
    onError: fail,
    // Told in place of an error by those that close after all others: an app that closes its replica has left nothing open here.
    onEnd: () => fail(new UnavailableError('The replica is closed: open it again.')),
  }
  const watch = query.watch(listener)
  return {
    result,
    loaded,
    get failedAtMs() {
      return failedAtMs
    },
    close() {
      watch.close()
      // Whoever waits asks again.
      settle()
    },
  }
}

/** All questions that a page asks, by key. */
export interface Queries {
  /** Asks it, where nobody did. */
  get<Doc>(query: Asked<Doc>): QueryStore<Doc>
  hold<Doc>(query: Asked<Doc>): Held<QueryStore<Doc>>
  isOpen(query: Asked<unknown>): boolean
  /** What is known of it; asks nothing. */
  peek<Doc>(query: Asked<Doc>): QueryResult<Doc>
}

export function keptQueries(ports: QueryPorts): Queries {
  const { clock } = ports
  const stores = kept<QueryStore<unknown>>({
    clock,
    close: (store) => store.close(),
    isSpent: ({ failedAtMs }) => failedAtMs !== undefined && clock.monotonicMs() - failedAtMs > FAILED_KEPT_MS,
  })
  const queries = {
    get: (query: Asked<unknown>) => stores.get(query.key, () => openQuery(ports, query)),
    hold: (query: Asked<unknown>) => stores.hold(query.key, () => openQuery(ports, query)),
    isOpen: (query: Asked<unknown>) => stores.peek(query.key) !== undefined,
    peek(query: Asked<unknown>) {
      const store = stores.peek(query.key)
      if (store) return store.result.get()
      return query.current ? resultOf(query.current) : LOADING
    },
  }
  // What stands under a key is of the documents that its query is of.
  return queries as Queries
}

function hasSameDocs(a: QueryResult<unknown>, b: QueryResult<unknown>): boolean {
  return !a.isLoading && a.docs.length === b.docs.length && a.docs.every((doc, at) => doc === b.docs[at])
}
