import { type App, isBuiltIn, type JsonObject, type SpaceId } from '@tidemark/shared'
import {
  type BaseRow,
  baseKey,
  documentKey,
  documentRow,
  keysOf,
  type OutboxRow,
  type Slot,
  type Stored,
  storedOf,
  tableOf,
} from './rows.ts'
import { runMutator } from './run-mutator.ts'
import { type Row, UnitEndedError } from './storage.ts'
import type { Unit } from './unit.ts'

/** What running a mutator on this device needs beside the documents. */
export interface Stage {
  readonly app: App
  readonly user: string
  /** Mutations that broke a unit here; they show nothing until the replica is opened again. */
  readonly muted: Set<string>
}

/** Documents that a unit has in hand, by `baseKey`. */
export type Slots = Map<string, Slot>

/** Creations that the server has not numbered sort behind all others, in the order in which they were made. */
const PENDING_B = 2 ** 52
const CREATIONS_A_MUTATION = 1024

/** Thrown inside a unit by the read that finds its transaction gone; names the mutation that was running. */
export class UnitBrokenError extends Error {
  readonly nonce: string
  constructor(nonce: string, cause: unknown) {
    super('a mutator waited for something else than its transaction', { cause })
    this.nonce = nonce
  }
}

/** A read that failed under a mutator, which may not swallow it; `cause` is what the storage threw. */
class StorageFailedError extends Error {
  constructor(cause: unknown) {
    super('the storage failed', { cause })
  }
}

/**
 * Runs one mutation on `top`, which lies on `under`, and lays what it wrote on `top`. Returns the spaces that it touched.
 * What is not in `under` is read from the tables and put there. Throws what the mutator throws; then `top` is as before.
 */
export async function runOn(unit: Unit, stage: Stage, mutation: OutboxRow, under: Slots, top: Slots): Promise<Set<SpaceId>> {
  const touched = new Set(mutation.touched)
  const written: Slots = new Map()
  let created = 0
  let storageError: unknown

  async function find(space: SpaceId, collection: string, id: string): Promise<Slot | undefined> {
    const copy = await unit.copy(space)
    if (!copy) return undefined
    const table = tableOf(space, collection)
    const key = baseKey(copy.$s, table, id)
    const above = mutation.arrived.includes(space) ? undefined : (written.get(key) ?? top.get(key))
    if (above) return above
    let slot = under.get(key)
    if (!slot) {
      slot = { key, s: copy.$s, table, id, at: storedOf(await unit.tx.get(table, documentKey(copy.$s, id))) }
      under.set(key, slot)
    }
    return slot
  }
  // A mutator may swallow what its reads throw; the unit must not.
  const found = (...place: Parameters<typeof find>) =>
    find(...place).catch((error) => {
      storageError ??= error
      throw error
    })

  const documents = {
    async get(...place: Parameters<typeof find>) {
      const at = (await found(...place))?.at
      return at && structuredClone(at.doc)
    },
    async set(space: SpaceId, collection: string, id: string, doc: JsonObject | undefined) {
      const slot = await found(space, collection, id)
      if (!slot) return
      const b = slot.at?.b ?? PENDING_B + mutation.n * CREATIONS_A_MUTATION + created
      if (doc && !slot.at) created++
      written.set(slot.key, { ...slot, at: doc && { doc, v: slot.at?.v ?? b, b } })
    },
    settled: (space: SpaceId) => mutation.arrived.includes(space),
    touch: (space: SpaceId) => void touched.add(space),
  }
  let appError: { error: unknown } | undefined
  try {
    const run = runMutator(stage.app, { ...mutation, user: stage.user, nowMs: mutation.madeMs }, documents)
    await (unit.tx.over ? Promise.race([run, unit.tx.over.then(() => Promise.reject(new UnitEndedError()))]) : run)
    // App code may have let the transaction go without asking anything of it afterwards.
    if (!isBuiltIn(mutation.name)) await unit.tx.get('copies', mutation.space).catch((error) => (storageError ??= error))
  } catch (error) {
    if (error instanceof UnitEndedError) storageError ??= error
    appError = { error }
  }
  if (storageError instanceof UnitEndedError) throw new UnitBrokenError(mutation.nonce, storageError)
  // A handle that was lost is no fault of the mutator's: the storage runs the unit again.
  if (storageError !== undefined) throw new StorageFailedError(storageError)
  if (appError) throw appError.error
  for (const [key, slot] of written) top.set(key, slot)
  return touched
}

/** The spaces that hang together with these through mutations that touch several. */
function connected(rows: readonly OutboxRow[], spaces: Set<SpaceId>): Set<SpaceId> {
  for (let size = -1; size !== spaces.size; ) {
    size = spaces.size
    for (const { touched } of rows) if (touched.some((space) => spaces.has(space))) for (const space of touched) spaces.add(space)
  }
  return spaces
}

/**
 * Makes what is shown of `spaces`, and of whatever hangs together with them, base + pending: the base documents with
 * `changes` (already in them), and the mutations that still show, run again in their order.
 */
export async function replay(unit: Unit, stage: Stage, spaces: Iterable<SpaceId>, changes: Slots = new Map()): Promise<void> {
  const rows = await unit.outbox()
  const shown = rows.filter(({ touched, arrived, nonce }) => touched.some((space) => !arrived.includes(space)) && !stage.muted.has(nonce))
  let within = new Set(spaces)
  let base: Slots
  let under: Slots
  let top: Slots
  let size: number
  do {
    within = connected(shown, within)
    size = within.size
    base = await baseOf(unit, within)
    under = new Map([...base, ...changes])
    top = new Map()
    for (const row of shown) {
      if (!row.touched.some((space) => within.has(space))) continue
      try {
        const touched = await runOn(unit, stage, row, under, top)
        if (touched.size > row.touched.length) await unit.setOutbox({ ...row, touched: [...touched] })
        for (const space of touched) within.add(space)
      } catch (error) {
        if (error instanceof UnitBrokenError || error instanceof StorageFailedError) throw error
        // What cannot run on the new base shows nothing; the server decides what becomes of it.
      }
    }
  } while (within.size > size)
  await show(unit, new Set([...base.keys(), ...changes.keys(), ...top.keys()]), { base, changes, under, top })
}

/** The documents under optimistic results, of these spaces. */
async function baseOf(unit: Unit, spaces: Iterable<SpaceId>): Promise<Slots> {
  const base: Slots = new Map()
  for (const space of spaces) {
    const copy = await unit.copy(space)
    if (!copy) continue
    for (const row of await unit.tx.list('base', keysOf(copy.$s))) base.set((row as unknown as BaseRow).key, row as unknown as BaseRow)
  }
  return base
}

/** Writes what differs from what the tables hold. */
async function show(unit: Unit, keys: ReadonlySet<string>, maps: Record<'base' | 'changes' | 'under' | 'top', Slots>): Promise<void> {
  const { base, changes, under, top } = maps
  const present = await rowsUnder(
    unit,
    [...keys].filter((key) => base.has(key)).map((key) => base.get(key) as Slot),
  )
  for (const key of keys) {
    const below = under.get(key) as Slot
    const above = top.get(key)
    // Created and deleted again, both pending: as if it had never been.
    const optimistic = above !== undefined && (above.at !== undefined || below.at !== undefined)
    if (optimistic) {
      if (!base.has(key) || changes.has(key)) unit.put('base', { ...below })
    } else if (base.has(key)) unit.remove('base', key)
    const slot = optimistic ? above : below
    if (!base.has(key) && !changes.has(key) && !optimistic) continue
    display(unit, slot, optimistic ? 1 : 0, base.has(key) ? present.get(key) : undefined, base.has(key))
  }
}

async function rowsUnder(unit: Unit, slots: readonly Slot[]): Promise<Map<string, Row | undefined>> {
  const rows = new Map<string, Row | undefined>()
  for (const table of new Set(slots.map((slot) => slot.table))) {
    const of = slots.filter((slot) => slot.table === table)
    const found = await unit.tx.getMany(
      table,
      of.map(({ s, id }) => documentKey(s, id)),
    )
    for (const [at, { key }] of of.entries()) rows.set(key, found[at])
  }
  return rows
}

/** Writes one document's row, unless it is known to be there already. */
function display(unit: Unit, slot: Slot, pending: 0 | 1, present: Row | undefined, known: boolean): void {
  const { table, s, id, at } = slot
  if (!at) {
    if (!known || present) unit.remove(table, documentKey(s, id))
  } else if (!present || !sameStored(storedOf(present) as Stored, at) || present.$p !== pending)
    unit.put(table, documentRow(slot, at, pending))
}

function sameStored(a: Stored, b: Stored): boolean {
  return a.v === b.v && a.b === b.b && JSON.stringify(a.doc) === JSON.stringify(b.doc)
}

/** Writes a first run's results: what it changed goes on the screen, what lay under it into `base` unless it is there. */
export async function showTop(unit: Unit, under: Slots, top: Slots): Promise<void> {
  const keys = [...top.keys()]
  const held = await unit.tx.getMany('base', keys)
  for (const [at, key] of keys.entries()) {
    const above = top.get(key) as Slot
    const below = under.get(key) as Slot
    if (!held[at] && !above.at && !below.at) continue
    if (!held[at]) unit.put('base', { ...below })
    display(unit, above, 1, undefined, false)
  }
}
