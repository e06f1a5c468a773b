import type { SpaceId } from '@tidemark/shared'
import { type CopyRow, keysOf } from './rows.ts'
import { REPLICA_TABLES } from './storage.ts'
import type { Unit } from './unit.ts'

/**
 * Deletes what the server gives again: copies of spaces that nobody holds here and that nothing unsettled touches, and what is still to
 * be swept. It only deletes, as a full disk takes no row. True when there was something. A copy that another tab holds is read again there.
 */
export async function makeRoom(unit: Unit, isHeld: (space: SpaceId) => boolean): Promise<boolean> {
  const { tables, garbage } = await unit.self()
  const touched = new Set((await unit.outbox()).flatMap(({ touched }) => touched))
  const spare = [...garbage]
  for (const { space, $s, next } of (await unit.tx.list('copies')) as readonly CopyRow[]) {
    if (isHeld(space) || touched.has(space)) continue
    unit.set('copies', space)
    spare.push($s)
    if (next) spare.push(next.$s)
  }
  const documents = tables.filter((table) => !(table in REPLICA_TABLES))
  for (const s of spare) for (const table of ['base', ...documents]) unit.removeRange(table, keysOf(s))
  return spare.length > 0
}
