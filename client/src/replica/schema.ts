import { kindOf } from '@tidemark/shared'
import { beginAnew } from './begin-anew.ts'
import { replay, type Stage } from './replay.ts'
import type { CopyRow } from './rows.ts'
import type { Unit } from './unit.ts'

/**
 * An app that was given a collection reads the copies of its kind again: changes to what was no collection then were passed
 * over, as those are where an older build comes again. What is pending stays.
 */
export async function beginForNewTables(unit: Unit, stage: Stage, tables: readonly string[]): Promise<void> {
  const self = await unit.self()
  const { build = self.tables } = self
  const fresh = tables.filter((table) => !build.includes(table))
  if (fresh.length === 0 && build.length === tables.length) return
  // Those of an older or another build stay on the list: their rows are still there to be swept.
  await unit.setSelf({ tables: [...new Set([...self.tables, ...tables])], build: tables })
  for (const { space } of (await unit.tx.list('copies')) as readonly CopyRow[]) {
    if (!fresh.some((table) => table.startsWith(`${kindOf(space)}_`))) continue
    await beginAnew(unit, space)
    await replay(unit, stage, [space])
  }
}
