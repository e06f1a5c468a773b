import { type App, BadRequestError, BUILT_IN, errorFromWire, isSpaceId, type SpaceId, sameJson, UnavailableError } from '@tidemark/shared'
import { BehaviorSubject, Observable, Subject, Subscription } from 'rxjs'
import type { Connect, ConnectedWorld } from './connected.ts'
import type { Tap } from './connection/tap.ts'
import { derived } from './derived.ts'
import type { Device } from './device.ts'
import { DIAGNOSTICS_MAX, type Diagnostic } from './diagnostic.ts'
import { INSIDE, type Inside } from './inside.ts'
import { lanesOf } from './lanes/lanes-of.ts'
import { openLossMark } from './loss-mark.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { pendingList } from './pending-list.ts'
import { progressMeter } from './progress.ts'
import type { Enqueued } from './replica/confirmations.ts'
import { type CopyState, copyState } from './replica/copy-state.ts'
import { definitionOf } from './replica/definition-of.ts'
import { createLocalCore } from './replica/local-core.ts'
import type { Healed } from './replica/replica-core.ts'
import { type CopyRow, type OutboxRow, pendingOf, type RefusedRow } from './replica/rows.ts'
import type { ShownCopies } from './replica/shown-copies.ts'
import type { ReplicaStorage, Write } from './replica/storage.ts'
import type { StorageError } from './replica/storage-error.ts'
import { watchedStorage } from './replica/watched-storage.ts'
import type { CollectionQueries, CollectionScope, HistoryReset, Older, Pending, Refused, Replica, Sent, Status } from './replica-api.ts'
import { sentStates } from './sent-states.ts'
import { statusOf } from './status.ts'
import { watchedScope } from './watch/query.ts'
import { openWatches } from './watch/watches.ts'

/** What reads documents for the app. */
export interface Tables {
  scope(space: SpaceId, collection: string): CollectionQueries<unknown>
  /** A Dexie table. */
  table(kind: string, collection: string): unknown
  close(): void
}

/** The world of a replica: nothing below this reaches for a clock, chance, network, storage or page of its own. */
export interface ReplicaWorld<A extends App> extends ConnectedWorld {
  readonly app: A
  readonly connect: Connect
  readonly storage: ReplicaStorage
  /** False when `storage` keeps nothing across a reload. */
  readonly durable: boolean
  /** What notices that the storage was cleared; nothing does where it is missing. */
  readonly device?: Device | undefined
  /** The name by which that device knows the storage. */
  readonly database?: string | undefined
  readonly tables: (shown: ShownCopies) => Tables
  /** In development alone: tells the app's developer what they should know. */
  readonly warn?: ((text: string) => void) | undefined
}

/** A replica on ports alone. It begins to connect at once. Throws what the storage throws. */
export async function createReplica<A extends App>(world: ReplicaWorld<A>): Promise<Replica<A>> {
  const { app, user, durable, device, database = '' } = world
  let storageError: StorageError | undefined
  let persisted: boolean | undefined
  let soon = () => {}
  /** Not before all was read once: what was written down before would be forgotten. */
  let note = () => {}
  const storage = watchedStorage(world.storage, (error) => {
    // The status is read from the same storage: looking again because of the same error would never end.
    if (error?.trouble === storageError?.trouble) return
    storageError = error
    soon()
  })
  /** Mutations that are being saved; the numbers of those saved since the outbox was read; the last number that was read there. */
  let saving = 0
  let saved: number[] = []
  let lastRead = 0
  const mark =
    device &&
    (await openLossMark({
      device,
      database,
      storage,
      clock: world.clock,
      changed: () => soon(),
      present: () => ({ pending: pendingOf(outbox).length + saved.length + saving, refused: refused.length }),
    }))
  const holders = new Map<SpaceId, Set<object>>()
  /** By space, the number of its last opening. */
  const holding: Record<string, number> = {}
  let openings = 0
  const core = await createLocalCore({ ...world, storage, isHeld: (space) => connected.holds(space) })
  const tables = world.tables(core)
  let copies: ReadonlyMap<SpaceId, CopyState> = new Map()
  let closed = false
  const closedError = () => new UnavailableError('This replica is closed; open it again. What is pending is sent then.')

  const tap: Tap = {}
  const watches = openWatches({ ...core, read: storage.read, clock: world.clock, warn: world.warn, closedError })
  const diagnostics$ = new BehaviorSubject<readonly Diagnostic[]>([])
  const connected = world.connect({
    world,
    core,
    tap,
    holding,
    changed: () => soon(),
    noted: (kind, because) =>
      diagnostics$.next([...diagnostics$.value, { kind, atMs: world.clock.nowMs(), because }].slice(-DIAGNOSTICS_MAX)),
    status: () => status$,
  })
  const present = (): Status => ({
    ...statusOf(connected.report(), holders.keys(), copies, pending$.value.length, rejected$.value.length),
    storage: { durable, persisted, error: storageError, lost: mark?.loss },
  })
  const pending$ = new BehaviorSubject<readonly Pending[]>([])
  const rejected$ = new BehaviorSubject<readonly Refused[]>([])
  const historyReset$ = new Subject<HistoryReset>()
  /** Of the history, what nobody was told yet, and the epoch of what was told last. */
  let reset: Healed | undefined
  let toldReset: number | undefined
  function tellReset(): void {
    if (!reset || !historyReset$.observed) return
    const { epoch, kept, offeredAgain, lost } = reset
    core.told(reset).catch(() => {})
    toldReset = epoch
    reset = undefined
    historyReset$.next({ kept, offeredAgain, lost })
  }
  const status$ = new BehaviorSubject<Status>(present())
  const meter = progressMeter()
  const progress$ = new BehaviorSubject(meter(status$.value))
  /** Pages of older documents, one a collection. */
  const underWay$ = new BehaviorSubject(new Map<string, Promise<Older>>())

  const readers: Readonly<Record<string, () => Promise<void>>> = {
    outbox: async () => {
      const before = saved.length
      ;({ pending: outbox, refused } = await core.unsettled())
      lastRead = outbox.at(-1)?.n ?? lastRead
      saved = saved.slice(before).filter((n) => n > lastRead)
    },
    copies: async () => {
      committed.clear()
      copies = new Map([...(await core.copies([...holders.keys()])), ...committed])
    },
    self: async () => {
      const healed = await core.healed()
      if (healed?.epoch !== toldReset) reset = healed
      tellReset()
    },
  }
  /** What the server has not answered for, as it was read last, and as it was told last. */
  let outbox: readonly OutboxRow[] = []
  let refused: readonly RefusedRow[] = []
  let pending: ReturnType<typeof pendingList> = new Map()
  const pendingActs = { retry: connected.retryNow, dismiss: core.withdraw }
  const sent = sentStates()
  /** Copies as this tab committed them since they were read last: ranges may come a hundred times a second, and none of them is read again. */
  const committed = new Map<SpaceId, CopyState>()
  /** What has to be read again before the next status. */
  const stale = new Set(Object.keys(readers))
  /** The last status, as JSON. */
  let told = ''
  /** Of which rows and attempts was told last: 10,000 rows are not gone through for each range that comes. */
  let toldOf: readonly unknown[] = []
  function tellUnsettled(): void {
    const of = [outbox, connected.attempts()] as const
    if (of.every((one, at) => one === toldOf[at])) return
    toldOf = of
    const list = pendingList(pending, ...of, pendingActs)
    const known = new Map(rejected$.value.map((one) => [one.n, one]))
    const rejected = refused.map((row) => known.get(row.n) ?? refusedOf(row))
    const isNewlyRefused = rejected.some(({ n }) => !known.has(n))
    for (const { n } of refused) known.delete(n)
    const gone = [...known.values()]
    // Where it comes to first, so that it is always in one of them.
    if (isNewlyRefused) rejected$.next([...gone, ...rejected].sort((a, b) => a.n - b.n))
    if (list !== pending) {
      pending = list
      pending$.next([...list.values()].filter((one) => one !== undefined))
      sent.look(list)
    }
    if (gone.length > 0) rejected$.next(rejected)
  }
  async function tell(): Promise<void> {
    let failure: unknown
    for (const [table, read] of Object.entries(readers)) {
      if (!stale.delete(table)) continue
      await read().catch((error) => {
        stale.add(table)
        failure = error
      })
    }
    tellUnsettled()
    note()
    connected.say()
    const status = present()
    const text = JSON.stringify(status)
    if (text !== told) status$.next(status)
    const progress = meter(status)
    if (progress !== progress$.value) progress$.next(progress)
    told = text
    watches.told(status.spaces)
    if (failure) throw failure
  }
  function take(write: Write): void {
    if (!('put' in write)) return void stale.add('copies')
    for (const row of write.put as unknown as readonly CopyRow[]) if (holders.has(row.space)) committed.set(row.space, copyState(row))
    copies = new Map([...copies, ...committed])
  }
  soon = oneAtATime(tell)
  let isAside = false
  const endLife = world.lifecycle.onChange((event) => {
    if (isAside === (event === 'hide')) return
    isAside = !isAside
    storage.aside?.(isAside)
  })
  const endChanges = core.onChange((changed, own) => {
    for (const table of changed) if (table !== 'copies' || !own) stale.add(table)
    for (const write of own ?? []) if (write.table === 'copies') take(write)
    // A healing is over when nothing in the outbox is offered again.
    if (stale.has('outbox')) stale.add('self')
    if (stale.delete('refused')) stale.add('outbox')
    soon()
  })

  /** What saves a mutation; it is noted before, so that none is missing in what a loss is told by. */
  async function save(make: () => Promise<Enqueued>): Promise<Sent> {
    saving++
    note()
    try {
      const made = await make()
      if (made.n > lastRead) saved.push(made.n)
      return sentOf(made)
    } finally {
      saving--
      note()
    }
  }
  const sentOf = (made: Enqueued): Sent => {
    const confirmed = core.confirmed(made)
    // Whoever does not look at it is told by rejected$.
    confirmed.catch(() => {})
    const state$ = sent.follow(made.nonce, confirmed)
    sent.look(pending)
    return { n: made.n, durable, confirmed, state$ }
  }
  const refusedOf = (row: RefusedRow): Refused => ({
    ...row,
    error: errorFromWire(row.error),
    retry: () => save(() => core.retry(row.n)),
    dismiss: () => core.dismiss(row.n),
  })
  async function askPersisted(ask: boolean): Promise<boolean> {
    try {
      persisted = await device?.persisted(ask)
      soon()
    } catch {
      // A browser without such a promise.
    }
    return !!persisted
  }
  await tell()
  note = mark?.note ?? note
  note()
  // Not asked of whoever comes for the first time: some browsers ask the person, and most grant it to what is used.
  void askPersisted(mark?.known ?? false)

  const scopeOf = (id: SpaceId, name: string, window = 0): CollectionScope<unknown> => {
    const key = `${id} ${name}`
    return Object.assign(watchedScope(watches, id, name, tables.scope(id, name)), {
      async older({ limit = window }: Parameters<CollectionScope<unknown>['older']>[0] = {}) {
        if (window === 0) return { added: 0, more: false }
        const underWay = underWay$.value
        let page = underWay.get(key)
        if (!page) {
          page = connected.older({ space: id, collection: name, limit }).finally(() => {
            underWay.delete(key)
            underWay$.next(underWay)
          })
          underWay$.next(underWay.set(key, page))
        }
        return page
      },
      window$: derived(
        [status$, underWay$],
        () => {
          const { partial = true, floors = {} } = status$.value.spaces[id] ?? {}
          const floor = floors[name] ?? 0
          return { more: floor > 0 && !partial, loading: underWay$.value.has(key), floor }
        },
        sameJson,
      ),
    }) as unknown as CollectionScope<unknown>
  }

  /** Ends what is shown of lanes, with this replica. */
  const lives = new Subscription()

  const definitionNow = (space: SpaceId) => {
    if (closed) throw closedError()
    return definitionOf(app, space)
  }

  function space(id: SpaceId): Record<string, unknown> {
    if (!isSpaceId(id)) throw new BadRequestError(`${id} is no space id: "kind" or "kind:name"`)
    const definition = definitionNow(id)
    const { mutators, collections } = definition
    const life = new Subscription()
    const held: Record<string, unknown> = { id, ...lanesOf({ ...world, connected }, id, definition, life) }
    lives.add(life)
    const names = [...Object.keys(mutators), ...Object.keys(BUILT_IN)]
    held.mutate = Object.fromEntries(names.map((name) => [name, (args: unknown) => save(() => core.mutate(id, name, args))]))
    for (const [name, { window }] of Object.entries(collections)) {
      let scope: CollectionScope<unknown> | undefined
      Object.defineProperty(held, name, { enumerable: true, get: () => (scope ??= scopeOf(id, name, window)) })
    }
    const others = holders.get(id) ?? new Set()
    holders.set(id, others.add(held))
    held.close = () => {
      life.unsubscribe()
      if (!others.delete(held) || others.size > 0) return
      holders.delete(id)
      delete holding[id]
      connected.held()
    }
    watches.opened(id)
    stale.add('copies')
    holding[id] = ++openings
    connected.held()
    return held
  }

  const replica = {
    get clientId() {
      return core.clientId
    },
    user,
    space,
    table(kind: string, collection: string) {
      definitionNow(kind)
      return tables.table(kind, collection)
    },
    status$: status$.asObservable(),
    pending$: pending$.asObservable(),
    rejected$: rejected$.asObservable(),
    progress$: progress$.asObservable(),
    diagnostics$: diagnostics$.asObservable(),
    historyReset$: new Observable<HistoryReset>((subscriber) => {
      const subscription = historyReset$.subscribe(subscriber)
      tellReset()
      return subscription
    }),
    async settled() {
      const subscription = new Subscription()
      await new Promise<void>((resolve, reject) => {
        // The list that was told last may be older than what is saved.
        const look = () => void core.pending().then((rows) => rows.every((row) => row.void) && resolve(), reject)
        subscription.add(status$.subscribe({ complete: () => reject(closedError()) }))
        subscription.add(core.onAppended(look))
        look()
      }).finally(() => subscription.unsubscribe())
    },
    pause: () => connected.pause('app'),
    resume: () => connected.resume('app'),
    reconnectNow: connected.reconnectNow,
    audit: core.audit,
    [INSIDE]: { tap, world, core, connected } satisfies Inside,
    persist: () => askPersisted(true),
    async close() {
      if (closed) return
      closed = true
      endChanges()
      endLife()
      lives.unsubscribe()
      await connected.close()
      watches.close()
      for (const subject of [status$, pending$, rejected$, progress$, historyReset$, underWay$, diagnostics$]) subject.complete()
      sent.close()
      tables.close()
      await core.close()
    },
    async clear({ discardPending = false } = {}) {
      const discarded = await core.erase(discardPending)
      await replica.close()
      await mark?.forget()
      // Its rows are gone already: what another tab keeps open is empty.
      await world.storage.delete?.().catch(() => {})
      return discarded
    },
  }
  connected.resume('app')
  return replica as unknown as Replica<A>
}
