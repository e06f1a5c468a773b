import type { Change, Range } from '@tidemark/shared'

/** A range of `room:1` from a server whose seals are `s1`, `s2` ...; `more` changes any part of it. */
export function rangeOf(from: number, to: number, changes: readonly Change[], more: object = {}): Range {
  const range = { space: 'room:1', from, on: `s${from}`, to, seal: `s${to}`, head: to, changes, ...more }
  return range as unknown as Range
}

/** Bob's message, made by commit `v`. */
export function message(v: number, id: string, text: string, more: object = {}): Change {
  return { v, c: 'messages', id, put: { text, author: 'bob', sentAtMs: v }, ...more } as unknown as Change
}
