import {
  type App,
  judge,
  NOTHING,
  type Range,
  type ResetReason,
  type SpaceId,
  type Standing,
  standingAfter,
  withDelta,
} from '@tidemark/shared'
import type { Applied } from '../following/copies.ts'
import { doneUpTo, type Known, setArrivals } from './arrivals.ts'
import { replay, type Slots, type Stage } from './replay.ts'
import {
  type BaseRow,
  baseKey,
  type CopyRow,
  documentKey,
  documentRow,
  documentTables,
  type Slot,
  type Stored,
  storedOf,
  tableOf,
} from './rows.ts'
import type { Unit } from './unit.ts'

/** Where a copy stands: the unfinished one while there is one [R6]. */
export function standingOf(row: CopyRow | undefined): Standing {
  const { version, seal } = row?.next ?? row ?? NOTHING
  return { version, seal }
}

export function isWhole(row: CopyRow | undefined): boolean {
  return row?.whole === true && !row.next
}

/** Judges a range by R1 to R4 and does what they say, inside one unit. `known` may end the showing of what is done [M4]. */
export async function applyRange(unit: Unit, stage: Stage, range: Range, known: Known | undefined): Promise<Applied> {
  const { space } = range
  const before = await unit.copy(space)
  const verdict = judge(standingOf(before), range)
  if (verdict === 'lost' || verdict === 'repeat') return { verdict, standing: standingOf(before), whole: isWhole(before) }

  // Nothing lies on top of documents while nothing waits.
  const plain = (await unit.outbox()).length === 0
  const row = verdict === 'reset' || !before ? await beginAnew(unit, space, range.reset) : before
  const { next, ...shown } = row
  const $s = next?.$s ?? row.$s
  const changes = await changesOf(unit, stage.app, $s, range, plain)
  if (!changes) {
    // Damage [C3]: a change to a document that is not here.
    await beginAnew(unit, space)
    if (!before?.settled) await replay(unit, stage, [space])
    return { verdict: 'lost', standing: NOTHING, whole: false }
  }

  const standing = standingAfter(range)
  const last = range.to === range.head
  const origins = new Set(range.changes.map(({ o }) => o))
  if (next && !last) {
    const arrived = (await unit.outbox()).filter(({ nonce }) => origins.has(nonce)).map(({ n }) => n)
    unit.set('copies', space, { ...row, head: range.head, next: { ...next, ...standing, arrived: [...next.arrived, ...arrived] } })
    writeDocuments(unit, changes)
    return { verdict, standing, whole: false }
  }
  if (next) await unit.discard(row.$s)
  const whole = last || (row.whole && !range.compacted)
  unit.set('copies', space, { ...shown, ...standing, $s, head: range.head, whole, settled: row.settled || whole } satisfies CopyRow)

  const done = known && known.head <= range.to ? await doneUpTo(unit, known) : 0
  await setArrivals(unit, space, ({ n, nonce, in: versions }, before) => {
    const held = next ? next.arrived.includes(n) || (next.history && versions !== undefined) : before
    return held || n <= done || origins.has(nonce) || (versions?.[space] ?? Infinity) <= range.to
  })
  if (plain) writeDocuments(unit, changes)
  else await replay(unit, stage, [space], changes)
  return { verdict, standing, whole }
}

/**
 * Makes room for a copy that begins at version 0: beside the one that is shown, if that was ever whole and may still be
 * shown [R6]; else in its place. Pending mutations stay.
 */
export async function beginAnew(unit: Unit, space: SpaceId, reset?: ResetReason): Promise<CopyRow> {
  const before = await unit.copy(space)
  const $s = (await unit.self()).s + 1
  await unit.setSelf({ s: $s })
  if (before?.next) await unit.discard(before.next.$s)
  const history = reset === 'history'
  let row: CopyRow = { ...NOTHING, space, $s, head: 0, whole: false, settled: false }
  if (before?.settled && reset !== 'rights') row = { ...before, next: { ...NOTHING, $s, history, arrived: [] } }
  else if (before) {
    await unit.discard(before.$s)
    await setArrivals(unit, space, (mutation) => history && mutation.in !== undefined)
  }
  unit.set('copies', space, row)
  return row
}

/** Takes a copy away [B8]; what is pending stays, and shows again on the copy that may come. */
export async function dropCopy(unit: Unit, stage: Stage, space: SpaceId): Promise<void> {
  const copy = await unit.copy(space)
  if (!copy) return
  await unit.discard(copy.$s)
  if (copy.next) await unit.discard(copy.next.$s)
  unit.set('copies', space)
  await setArrivals(unit, space, (mutation) => mutation.in !== undefined)
  await replay(unit, stage, [space])
}

/** The documents after the range's changes; undefined where one changes a document that is not here [C3]. */
async function changesOf(unit: Unit, app: App, s: number, { space, changes }: Range, plain: boolean): Promise<Slots | undefined> {
  const slots: Slots = new Map()
  const tables = documentTables(app)
  const read = async (slot: Slot) => {
    const base = plain ? undefined : ((await unit.tx.get('base', slot.key)) as BaseRow | undefined)
    slots.set(slot.key, base ?? { ...slot, at: storedOf(await unit.tx.get(slot.table, documentKey(s, slot.id))) })
  }
  const steps = changes.flatMap((change) => {
    const { c, id } = change
    const table = tableOf(space, c)
    // What an older build of the app has no table for; a newer one begins the copy anew.
    return tables.includes(table) ? [{ change, slot: { key: baseKey(s, table, id), s, table, id, at: undefined } }] : []
  })
  await Promise.all(steps.map(({ change, slot }) => 'set' in change && read(slot)))
  for (const { change, slot } of steps) {
    const { v } = change
    let at: Stored | undefined
    if ('put' in change) at = { doc: change.put, v, b: change.b ?? v }
    else if ('set' in change) {
      const before = slots.get(slot.key)?.at
      if (!before) return undefined
      at = { ...before, doc: withDelta(before.doc, change), v }
    }
    slots.set(slot.key, { ...slot, at })
  }
  return slots
}

function writeDocuments(unit: Unit, changes: Slots): void {
  for (const { table, s, id, at } of changes.values()) unit.set(table, documentKey(s, id), at && documentRow(s, id, at, 0))
}
