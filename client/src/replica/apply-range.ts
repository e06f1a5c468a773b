import { type App, judge, kindOf, NOTHING, type Range, type SpaceId, standingAfter, type Version, withDelta } from '@tidemark/shared'
import type { Applied } from '../following/copies.ts'
import { doneBy, type Known, setArrivals } from './arrivals.ts'
import { beginAnew, isWhole, standingOf } from './begin-anew.ts'
import { doubt } from './healing.ts'
import { replay, type Slots, type Stage } from './replay.ts'
import {
  type BaseRow,
  baseKey,
  type CopyRow,
  documentKey,
  documentRow,
  type Floors,
  type Slot,
  type Stored,
  storedOf,
  tableOf,
} from './rows.ts'
import type { Unit } from './unit.ts'

/** Judges a range by R1 to R4 and does what they say, inside one unit. `known` may end the showing of what is done [M4]. */
export async function applyRange(unit: Unit, stage: Stage, range: Range, known: Known | undefined): Promise<Applied> {
  const { space } = range
  const before = await unit.copy(space)
  const verdict = judge(standingOf(before), range)
  // Also one that this copy drops: somebody took it for a copy of a history that is gone.
  if (range.reset === 'history') await doubt(unit, verdict === 'reset')
  if (verdict === 'lost' || verdict === 'repeat') return { verdict, standing: standingOf(before), whole: isWhole(before) }

  // Nothing lies on top of documents while nothing waits.
  const plain = (await unit.outbox()).length === 0
  const row = verdict === 'reset' || !before ? await beginAnew(unit, space, range.reset) : before
  const { next, ...shown } = row
  const $s = next?.$s ?? row.$s
  const changes = await changesOf(unit, stage.app, $s, range, plain)
  // A window is cut only where a copy begins [W1]: what is left out here may have changed since.
  const cut = row.settled && !next && Object.keys(range.floors ?? {}).length > 0
  if (!changes || cut) {
    // Damage, as is a change to a document that is not here [C3].
    await beginAnew(unit, space)
    if (!before?.settled) await replay(unit, stage, [space])
    return { verdict: 'lost', standing: NOTHING, whole: false }
  }

  const standing = standingAfter(range)
  const floors = highest((next ?? row).floors, range.floors)
  const last = range.to === range.head
  const origins = new Set(range.changes.map(({ o }) => o))
  if (next && !last) {
    const arrived = (await unit.outbox()).flatMap(({ nonce }) => (origins.has(nonce) ? [nonce] : []))
    unit.set('copies', space, { ...row, head: range.head, next: { ...next, ...standing, floors, arrived: [...next.arrived, ...arrived] } })
    writeDocuments(unit, changes)
    return { verdict, standing, whole: false }
  }
  if (next) await unit.discard(row.$s)
  const whole = last || (row.whole && !range.compacted)
  const renewed = next?.history ? $s : row.renewed
  const settled = row.settled || whole
  unit.set('copies', space, { ...shown, ...standing, $s, floors, head: range.head, whole, settled, renewed } satisfies CopyRow)

  const isDone = known && known.head <= range.to ? await doneBy(unit, known) : () => false
  await setArrivals(unit, space, (mutation, before) => {
    const { nonce, in: versions } = mutation
    const held = next ? next.arrived.includes(nonce) || (next.history && versions !== undefined) : before
    return held || isDone(mutation) || origins.has(nonce) || (versions?.[space] ?? Infinity) <= range.to
  })
  await layUnder(unit, stage, space, changes, plain)
  return { verdict, standing, whole }
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

/** Of the floors in a run's pages the highest counts [W1]. */
function highest(before: Floors = {}, more: Floors = {}): Floors {
  const floors: Record<string, Version> = { ...before }
  for (const [c, floor] of Object.entries(more)) if (floor > (floors[c] ?? 0)) floors[c] = floor
  return floors
}

/** The documents after the range's changes; undefined where one changes a document that is not here [C3]. */
async function changesOf(unit: Unit, app: App, s: number, { space, changes }: Range, plain: boolean): Promise<Slots | undefined> {
  const slots: Slots = new Map()
  const collections = app.spaces[kindOf(space)]?.collections ?? {}
  const steps = changes.flatMap((change) => {
    const { c, id } = change
    // What an older build of the app has no table for; a newer one begins the copy anew.
    return Object.hasOwn(collections, c) ? [{ change, slot: slotOf(s, tableOf(space, c), id) }] : []
  })
  await Promise.all(steps.map(async ({ change, slot }) => 'set' in change && slots.set(slot.key, await readSlot(unit, slot, plain))))
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

export function slotOf(s: number, table: string, id: string): Slot {
  return { key: baseKey(s, table, id), s, table, id, at: undefined }
}

/** What the server last told of a document, whatever lies on top. `plain`: nothing lies on top of any. */
export async function readSlot(unit: Unit, slot: Slot, plain: boolean): Promise<Slot> {
  const base = plain ? undefined : ((await unit.tx.get('base', slot.key)) as BaseRow | undefined)
  return base ?? { ...slot, at: storedOf(await unit.tx.get(slot.table, documentKey(slot.s, slot.id))) }
}

/** Writes what the server told, and what is pending again on top of it. */
export async function layUnder(unit: Unit, stage: Stage, space: SpaceId, changes: Slots, plain: boolean): Promise<void> {
  if (plain) writeDocuments(unit, changes)
  else await replay(unit, stage, [space], changes)
}

function writeDocuments(unit: Unit, changes: Slots): void {
  for (const { table, s, id, at } of changes.values()) unit.set(table, documentKey(s, id), at && documentRow(s, id, at, 0))
}
