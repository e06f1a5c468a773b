import type { Asked } from '../react/query-store.ts'
import type { DocumentRow } from '../replica-api.ts'
import type { Snapshot, WatchListener } from '../watch/watch-api.ts'

export interface Note {
  readonly text: string
}

/** A query whose result is set by hand. */
export interface FakeQuery extends Asked<Note> {
  /** Watches that are open. */
  readonly open: number
  /** Watches that were ever opened. */
  readonly opened: number
  /** The next result: told to all that watch. */
  tell(...texts: string[]): void
  fail(error: Error): void
}

export function fakeQuery(key: string): FakeQuery {
  const listeners = new Set<WatchListener<Note>>()
  const rows = new Map<string, DocumentRow<Note>>()
  let id = 0
  let opened = 0
  let current: Snapshot<Note> | undefined
  return {
    key,
    get current() {
      return current
    },
    get open() {
      return listeners.size
    },
    get opened() {
      return opened
    },
    watch(listener) {
      opened++
      listeners.add(listener)
      if (current) void Promise.resolve(current).then((present) => current === present && listener.onChange(present))
      return { close: () => void listeners.delete(listener) }
    },
    tell(...texts) {
      const docs = texts.map((text) => {
        const row = rows.get(text) ?? { $id: text, $v: 1, $b: 1, $p: 0, $s: 1, text }
        rows.set(text, row)
        return row
      })
      current = { id: id++, docs, docChanges: [] }
      for (const { onChange } of listeners) onChange(current)
    },
    fail(error) {
      for (const { onError } of listeners) onError(error)
    },
  }
}
