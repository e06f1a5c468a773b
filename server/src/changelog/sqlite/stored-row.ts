import { type Cell, checksumOf } from '../checksum.ts'
import { CorruptRowError } from '../corrupt-row-error.ts'

/** A row as `node:sqlite` hands it out, before anything about it is known. */
export type RawRow = Record<string, unknown>

/**
 * A row that may be believed: `columns`, and the key by which it was asked for, have the checksum that was stored with them.
 * Types count in a checksum, so that the cast says no more than what was written. Throws CorruptRowError.
 */
export function believe<T>(table: string, key: readonly Cell[], raw: RawRow, columns: readonly string[]): T {
  const cells = columns.map((column) => raw[column])
  if (!cells.every(isCell) || checksumOf([table, ...key, ...cells]) !== raw.checksum) throw new CorruptRowError([table, ...key].join(' '))
  return raw as T
}

function isCell(value: unknown): value is Cell {
  return value === null || typeof value === 'string' || typeof value === 'number'
}
