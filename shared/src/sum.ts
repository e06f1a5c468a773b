import { sealDigits } from './seal.ts'
import type { Standing } from './standing.ts'

/**
 * One number for all spaces [B1]: version + 1 + the number in the seal's first 8 hex digits, added up over what a connection follows.
 * The + 1 finds a follow that got lost at version 0; the digits keep two errors from cancelling. Exact up to 2^53, that is 2 million spaces.
 */
export function sumOf(standings: Iterable<Standing>): number {
  let sum = 0
  for (const { version, seal } of standings) sum += version + 1 + sealDigits(seal)
  return sum
}
