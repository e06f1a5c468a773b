import type { MessageRow } from '../replica/demo.ts'

/** Unread messages are counted so far; more of them are `99+`. A room's window holds more than that. */
export const UNREAD_COUNTED_MAX = 99
/** Rows that are looked at to count them, in one room: what the user wrote lies between. */
const UNREAD_LOOKED_AT_MAX = 200

/**
 * How many messages of others a room has above its read marker, a version. Nothing is written for it but the marker: the
 * messages and their versions are here already.
 */
export function countUnread(rows: readonly MessageRow[], readTo: number, user: string): number {
  return rows.slice(-UNREAD_LOOKED_AT_MAX).filter(({ $b, author }) => $b > readTo && author !== user).length
}

/** The version to which a reader of these messages has read; undefined while all that stands above the marker is their own. */
export function newlyRead(rows: readonly MessageRow[], readTo: number, user: string): number | undefined {
  const newest = rows.findLast(({ $p }) => $p === 0)?.$b ?? 0
  return rows.some(({ $b, $p, author }) => $p === 0 && $b > readTo && author !== user) ? newest : undefined
}
