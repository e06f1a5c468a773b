import { type App, isBuiltIn, type Json, type JsonObject, type SpaceId, sameJson } from '@tidemark/shared'
import { type BaseRow, baseKey, documentKey, documentRow, keysOf, type OutboxRow, type Slot, storedOf, tableOf } from './rows.ts'
import { runMutator } from './run-mutator.ts'
import { UnitEndedError } from './storage.ts'
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

/** The storage failed under a mutator, which may not swallow it; `cause` is what the storage threw. */
export class UnitFailedError extends Error {
  /** The mutation that was running. */
  readonly nonce: string
  constructor(nonce: string, cause: unknown) {
    super('the storage failed under a mutator', { cause })
    this.nonce = nonce
  }
  /** True when the mutator itself let the transaction go; else a handle was lost, and the storage runs the unit again. */
  get byMutator(): boolean {
    return this.cause instanceof UnitEndedError
  }
}

/**
 * Runs one mutation on `top`, which lies on `under`, and lays what it wrote on `top`. Returns the spaces that it touched.
 * What is not in `under` is read from the tables and put there. Throws what the mutator throws; then `top` is as before.
 */
export async function runOn(unit: Unit, stage: Stage, mutation: OutboxRow, under: Slots, top: Slots): Promise<Set<SpaceId>> {
  const touched = new Set(mutation.touched)
  const written: Slots = new Map()
  const settled = (space: SpaceId) => mutation.arrived.includes(space)
  let created = 0

  // A mutator may swallow what its reads throw; the unit must not.
  let failed: unknown
  const failLater = (error: unknown): never => {
    failed ??= error
    throw error
  }
  async function find(space: SpaceId, collection: string, id: string): Promise<Slot | undefined> {
    const copy = await unit.copy(space).catch(failLater)
    if (!copy) return undefined
    const table = tableOf(space, collection)
    const key = baseKey(copy.$s, table, id)
    const slot = (!settled(space) && (written.get(key) ?? top.get(key))) || under.get(key)
    if (slot) return slot
    const row = await unit.tx.get(table, documentKey(copy.$s, id)).catch(failLater)
    const found = { key, s: copy.$s, table, id, at: storedOf(row) }
    under.set(key, found)
    return found
  }
  const documents = {
    async get(...place: Parameters<typeof find>) {
      const at = (await find(...place))?.at
      return at && JSON.parse(JSON.stringify(at.doc))
    },
    async set(space: SpaceId, collection: string, id: string, doc: JsonObject | undefined) {
      const slot = await find(space, collection, id)
      if (!slot) return
      const b = slot.at?.b ?? PENDING_B + mutation.n * CREATIONS_A_MUTATION + created
      if (doc && !slot.at) created++
      written.set(slot.key, { ...slot, at: doc && { doc, v: slot.at?.v ?? b, b } })
    },
    settled,
    touch: (space: SpaceId) => void touched.add(space),
  }
  const run = async () => {
    const done = runMutator(stage.app, { ...mutation, user: stage.user, nowMs: mutation.madeMs }, documents)
    await (unit.tx.over ? Promise.race([done, unit.tx.over.then(() => failLater(new UnitEndedError()))]) : done)
    // App code may have let the transaction go without asking anything of it afterwards.
    if (!isBuiltIn(mutation.name)) await unit.tx.get('copies', mutation.space).catch(failLater)
  }
  const refused = await run().then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  if (failed) throw new UnitFailedError(mutation.nonce, failed)
  if (refused) throw refused.error
  for (const [key, slot] of written) top.set(key, slot)
  return touched
}

/**
 * Makes what is shown of `spaces`, and of whatever hangs together with them, base + pending: the base documents with
 * `changes` (already in them), and the mutations that still show, run again in their order.
 */
export async function replay(unit: Unit, stage: Stage, spaces: Iterable<SpaceId>, changes: Slots = new Map()): Promise<void> {
  const rows = await unit.outbox()
  const shown = rows.filter(({ touched, arrived, nonce }) => touched.some((space) => !arrived.includes(space)) && !stage.muted.has(nonce))
  const within = new Set(spaces)
  let base: Slots
  let under: Slots
  let top: Slots
  let size: number
  // Again, while mutations that touch several spaces bring in others.
  do {
    size = within.size
    base = await baseOf(unit, within)
    under = new Map([...base, ...changes])
    top = new Map()
    for (const row of shown) {
      if (!row.touched.some((space) => within.has(space))) continue
      for (const space of row.touched) within.add(space)
      try {
        const touched = await runOn(unit, stage, row, under, top)
        if (touched.size > row.touched.length) unit.set('outbox', row.n, { ...row, touched: [...touched] })
        for (const space of touched) within.add(space)
      } catch (error) {
        if (error instanceof UnitFailedError) throw error
        // What cannot run on the new base shows nothing; the server decides what becomes of it.
      }
    }
  } while (within.size > size)
  await show(unit, { base, changes, under, top })
}

/** The documents under optimistic results, of these spaces. */
async function baseOf(unit: Unit, spaces: Iterable<SpaceId>): Promise<Slots> {
  const base: Slots = new Map()
  for (const space of spaces) {
    const copy = await unit.copy(space)
    if (!copy) continue
    for (const row of (await unit.tx.list('base', keysOf(copy.$s))) as readonly BaseRow[]) base.set(row.key, row)
  }
  return base
}

/** Shows a first run's results: what it changed goes on the screen, what lay under it into `base` unless it is there. */
export async function showTop(unit: Unit, under: Slots, top: Slots): Promise<void> {
  const held = (await unit.tx.getMany('base', [...top.keys()])) as readonly (BaseRow | undefined)[]
  const base: Slots = new Map(held.flatMap((row) => (row ? [[row.key, row]] : [])))
  await show(unit, { base, changes: new Map(), under: new Map([...under, ...base]), top })
}

/**
 * Writes what differs from what the tables hold. `base`: the documents under what is optimistic now; `changes`: those that a
 * range changed; `under` holds both; `top`: what is to be optimistic.
 */
async function show(unit: Unit, { base, changes, under, top }: Record<'base' | 'changes' | 'under' | 'top', Slots>): Promise<void> {
  const keys = new Set([...base.keys(), ...changes.keys(), ...top.keys()])
  const each = async (key: string) => {
    const below = under.get(key) as Slot
    const above = top.get(key)
    const held = base.has(key)
    // Created and deleted again, both pending: as if it had never been.
    const optimistic = above !== undefined && (above.at !== undefined || below.at !== undefined)
    if (!optimistic && !held && !changes.has(key)) return
    if (optimistic ? !held || changes.has(key) : held) unit.set('base', key, optimistic ? below : undefined)
    const { table, s, id, at } = optimistic ? above : below
    const row = at && documentRow(s, id, at, optimistic ? 1 : 0)
    const shown = held ? await unit.tx.get(table, documentKey(s, id)) : undefined
    if (!held || !sameJson((shown ?? null) as Json, (row ?? null) as Json)) unit.set(table, documentKey(s, id), row)
  }
  await Promise.all(Array.from(keys, each))
}
