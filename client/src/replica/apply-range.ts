import {
  type App,
  type Change,
  judge,
  kindOf,
  NOTHING,
  type Range,
  type SpaceId,
  type Standing,
  standingAfter,
  withDelta,
} from '@tidemark/shared'
import type { Applied } from '../following/copies.ts'
import { doneUpTo, endShowing, forgetArrivals, type Known } from './arrivals.ts'
import { replay, type Slots, type Stage } from './replay.ts'
import { baseKey, type CopyRow, documentKey, documentRow, keysOf, type Slot, storedOf, tableOf, type Unfinished } from './rows.ts'
import type { Unit } from './unit.ts'

/** Where a copy stands: the unfinished one while there is one [R6]. */
export function standingOf(row: CopyRow | undefined): Standing {
  const { version, seal } = row?.next ?? row ?? NOTHING
  return { version, seal }
}

export function isWhole(row: CopyRow | undefined): boolean {
  return row?.whole === true && row.next === undefined
}

/** Judges a range by R1 to R4 and does what they say, inside one unit. `known` may end the showing of what is done [M4]. */
export async function applyRange(unit: Unit, stage: Stage, range: Range, known: Known | undefined): Promise<Applied> {
  const { space } = range
  const before = await unit.copy(space)
  const verdict = judge(standingOf(before), range)
  if (verdict === 'lost' || verdict === 'repeat') return { verdict, standing: standingOf(before), whole: isWhole(before) }

  // Nothing lies on top of documents while nothing waits.
  const plain = (await unit.outbox()).length === 0
  const row = verdict === 'reset' || !before ? await beginAnew(unit, space, range.reset === 'rights', range.reset === 'history') : before
  const { next } = row
  const changes = await changesOf(unit, stage.app, next?.$s ?? row.$s, range, plain)
  if (!changes) {
    // Damage [C3]: a change to a document that is not here.
    await beginAnew(unit, space, false, false)
    if (!before?.settled) await replay(unit, stage, [space])
    return { verdict: 'lost', standing: NOTHING, whole: false }
  }

  const after = standingAfter(range)
  const last = range.to === range.head
  const origins = new Set(range.changes.map(({ o }) => o))
  if (next && !last) {
    await grow(unit, row, next, range, origins)
    writeDocuments(unit, changes)
    return { verdict, standing: after, whole: false }
  }
  if (next) {
    await unit.discard(space, row.$s)
    await forgetArrivals(unit, space)
    await endShowing(unit, space, ({ n, in: versions }) => next.arrived.includes(n) || (next.history && versions !== undefined))
  }
  const { next: _, ...shown } = row
  const whole = last || (row.whole && !range.compacted)
  unit.setCopy({ ...shown, ...after, $s: next?.$s ?? row.$s, head: range.head, whole, settled: row.settled || whole })

  await endShowing(unit, space, (mutation) => origins.has(mutation.nonce) || (mutation.in?.[space] ?? Infinity) <= range.to)
  const done = known && known.head <= range.to ? await doneUpTo(unit, known) : 0
  if (done > 0) await endShowing(unit, space, ({ n }) => n <= done)
  if (plain) writeDocuments(unit, changes)
  else await replay(unit, stage, [space], changes)
  return { verdict, standing: after, whole: isWhole(await unit.copy(space)) }
}

/**
 * Makes room for a copy that begins at version 0: beside the one that is shown, if that was ever whole and may still be
 * shown [R6]; else in its place. Pending mutations stay.
 */
export async function beginAnew(unit: Unit, space: SpaceId, rights: boolean, history: boolean): Promise<CopyRow> {
  const before = await unit.copy(space)
  const $s = await unit.newS()
  if (before?.next) await unit.discard(space, before.next.$s)
  let row: CopyRow
  if (before?.settled && !rights) row = { ...before, next: { ...NOTHING, $s, history, arrived: [] } }
  else {
    if (before) {
      await unit.discard(space, before.$s)
      await forgetArrivals(unit, space)
      if (history) await endShowing(unit, space, (mutation) => mutation.in !== undefined)
    }
    row = { ...NOTHING, space, $s, head: 0, whole: false, settled: false }
  }
  unit.setCopy(row)
  return row
}

async function grow(unit: Unit, row: CopyRow, next: Unfinished, range: Range, origins: ReadonlySet<string | undefined>): Promise<void> {
  const rows = origins.size > 0 ? await unit.outbox() : []
  const arrived = rows.filter(({ nonce }) => origins.has(nonce)).map(({ n }) => n)
  unit.setCopy({ ...row, head: range.head, next: { ...next, ...standingAfter(range), arrived: [...next.arrived, ...arrived] } })
}

/** The documents after the range's changes; undefined where one changes a document that is not here [C3]. */
async function changesOf(unit: Unit, app: App, s: number, range: Range, plain: boolean): Promise<Slots | undefined> {
  const collections = app.spaces[kindOf(range.space)]?.collections ?? {}
  // What an older build of the app has no table for; a newer one begins the copy anew.
  const changes = range.changes.filter(({ c }) => Object.hasOwn(collections, c))
  const slots = await documentsToSet(unit, s, range.space, changes, plain)
  for (const change of changes) {
    const table = tableOf(range.space, change.c)
    const key = baseKey(s, table, change.id)
    const slot = { key, s, table, id: change.id }
    const at = slots.get(key)?.at
    if ('put' in change) slots.set(key, { ...slot, at: { doc: change.put, v: change.v, b: change.b ?? change.v } })
    else if ('del' in change) slots.set(key, { ...slot, at: undefined })
    else if (!at) return undefined
    else slots.set(key, { ...slot, at: { ...at, doc: withDelta(at.doc, change), v: change.v } })
  }
  return slots
}

/** Reads what the changes build on: only documents of which the range first shows a `set`. */
async function documentsToSet(unit: Unit, s: number, space: SpaceId, changes: readonly Change[], plain: boolean): Promise<Slots> {
  const whole = new Set<string>()
  const wanted = new Map<string, Slot>()
  for (const change of changes) {
    const table = tableOf(space, change.c)
    const key = baseKey(s, table, change.id)
    if (!('set' in change)) whole.add(key)
    else if (!whole.has(key)) wanted.set(key, { key, s, table, id: change.id, at: undefined })
  }
  const slots: Slots = new Map()
  if (wanted.size === 0) return slots
  const base = plain ? [] : await unit.tx.list('base', keysOf(s))
  const optimistic = new Map(base.map((row) => [row.key as string, row as unknown as Slot]))
  for (const table of new Set([...wanted.values()].map((slot) => slot.table))) {
    const of = [...wanted.values()].filter((slot) => slot.table === table)
    const rows = await unit.tx.getMany(
      table,
      of.map(({ id }) => documentKey(s, id)),
    )
    for (const [at, slot] of of.entries()) slots.set(slot.key, optimistic.get(slot.key) ?? { ...slot, at: storedOf(rows[at]) })
  }
  return slots
}

function writeDocuments(unit: Unit, changes: Slots): void {
  for (const slot of changes.values()) {
    if (slot.at) unit.put(slot.table, documentRow(slot, slot.at, 0))
    else unit.remove(slot.table, documentKey(slot.s, slot.id))
  }
}
