import { NOTHING, type ResetReason, type SpaceId, type Standing } from '@tidemark/shared'
import { setArrivals } from './arrivals.ts'
import type { CopyRow } from './rows.ts'
import type { Unit } from './unit.ts'

/** Where a copy stands: the unfinished one while there is one [R6]. */
export function standingOf(row: CopyRow | undefined): Standing {
  const { version, seal } = row?.next ?? row ?? NOTHING
  return { version, seal }
}

export function isWhole(row: CopyRow | undefined): row is CopyRow {
  return row?.whole === true && !row.next
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
  const renewed = history ? $s : before?.renewed
  let row: CopyRow = { ...NOTHING, space, $s, head: 0, whole: false, settled: false, renewed }
  if (before?.settled && reset !== 'rights') row = { ...before, next: { ...NOTHING, $s, history, arrived: [] } }
  else if (before) {
    await unit.discard(before.$s)
    await setArrivals(unit, space, (mutation) => history && mutation.in !== undefined)
  }
  unit.set('copies', space, row)
  return row
}
