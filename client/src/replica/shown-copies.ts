import type { SpaceId } from '@tidemark/shared'
import type { CopyRow } from './rows.ts'
import type { ReplicaStorage, Write } from './storage.ts'

/** `$s` before and after; 0 is no copy. */
export type ShownListener = (space: SpaceId, before: number, after: number) => void

export interface ShownCopies {
  shownAs(space: SpaceId): number
  onShown(listener: ShownListener): () => void
}

/**
 * Remembers which copy is shown of each space: what this tab commits is known before anybody can read it, what another tab
 * commits is read as soon as it is told. Ends with the storage.
 */
export async function shownCopies(storage: ReplicaStorage): Promise<ShownCopies> {
  const shown = new Map<SpaceId, number>()
  const listeners = new Set<ShownListener>()
  let reading = false
  let again = false

  function show(space: SpaceId, after: number): void {
    const before = shown.get(space) ?? 0
    if (before === after) return
    if (after === 0) shown.delete(space)
    else shown.set(space, after)
    for (const listener of listeners) listener(space, before, after)
  }
  async function read(): Promise<void> {
    const rows = (await storage.read(['copies'], (tx) => tx.list('copies'))) as unknown as readonly CopyRow[]
    const present = new Map(rows.map(({ space, $s }) => [space, $s]))
    for (const space of [...shown.keys()]) if (!present.has(space)) show(space, 0)
    for (const [space, s] of present) show(space, s)
  }
  function readSoon(): void {
    again = true
    if (reading) return
    reading = true
    again = false
    void read()
      // Told again at the next change.
      .catch(() => {})
      .then(() => {
        reading = false
        if (again) readSoon()
      })
  }
  function take(write: Write): void {
    if (write.table !== 'copies') return
    if ('put' in write) for (const row of write.put as unknown as readonly CopyRow[]) show(row.space, row.$s)
    else if ('delete' in write) for (const space of write.delete) show(String(space), 0)
  }
  storage.onChange((tables, own) => {
    if (own) own.forEach(take)
    else if (tables.includes('copies')) readSoon()
  })
  await read()
  return {
    shownAs: (space) => shown.get(space) ?? 0,
    onShown(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
