import { TAIL_MS, TAIL_MUTATIONS_MAX } from '@tidemark/shared'

/** Records of a client's last mutations that are kept whatever their age: its tail [M6], and as many again whose acks may be under way. */
export const RECORDS_KEPT_MIN: number = 2 * TAIL_MUTATIONS_MAX
/** Records of one client that are kept at most, the last TAIL_MS or not. */
export const RECORDS_KEPT_MAX = 100_000
/** Each new record whose number is a multiple of this takes out old ones. */
export const PRUNE_EVERY = 16
/** Records that are taken out at a time: more than came since the last time, so that a record that is too long shrinks. */
export const PRUNED_AT_ONCE: number = 2 * PRUNE_EVERY

/** Whether the record of mutation n may be forgotten, seen from the last one. The last one is kept for ever. */
export function isForgettable(n: number, atMs: number, lastN: number, nowMs: number): boolean {
  if (n <= lastN - RECORDS_KEPT_MAX) return true
  return n <= lastN - RECORDS_KEPT_MIN && atMs < nowMs - TAIL_MS
}
