import type { Clock, SpaceId } from '@tidemark/shared'
import { oneAtATime } from '../one-at-a-time.ts'
import type { CopyRow } from './rows.ts'
import type { ReplicaStorage, Write } from './storage.ts'

/** How long after a failure of the storage it is read again, in ms. */
const READ_AGAIN_MS = 5000

/** `$s` before and after; 0 is no copy. */
export type ShownListener = (space: SpaceId, before: number, after: number) => void

export interface ShownCopies {
  shownAs(space: SpaceId): number
  onShown(listener: ShownListener): () => void
  /** Reads nothing more. */
  close(): void
}

/**
 * Remembers which copy is shown of each space: what this tab commits is known before anybody can read it, what another tab
 * commits is read as soon as it is told, and again where that failed.
 */
export async function shownCopies(storage: ReplicaStorage, clock: Clock): Promise<ShownCopies> {
  const shown = new Map<SpaceId, number>()
  const listeners = new Set<ShownListener>()
  const shownAs = (space: SpaceId) => shown.get(space) ?? 0
  function show(space: SpaceId, after: number): void {
    const before = shownAs(space)
    if (before === after) return
    shown.set(space, after)
    for (const listener of listeners) listener(space, before, after)
  }
  async function read(): Promise<void> {
    const rows = (await storage.read(['copies'], (tx) => tx.list('copies'))) as unknown as readonly CopyRow[]
    const present = new Map(rows.map(({ space, $s }) => [space, $s]))
    for (const space of [...shown.keys(), ...present.keys()]) show(space, present.get(space) ?? 0)
  }
  function take(write: Write): void {
    if (write.table !== 'copies') return
    if ('put' in write) for (const row of write.put as unknown as readonly CopyRow[]) show(row.space, row.$s)
    if ('delete' in write) for (const space of write.delete) show(space as SpaceId, 0)
  }
  /** undefined once it is over. */
  let cancelRetry: (() => void) | undefined = () => {}
  const readSoon = oneAtATime(() => {
    cancelRetry?.()
    return read().catch(() => {
      cancelRetry &&= clock.after(READ_AGAIN_MS, readSoon)
    })
  })
  storage.onChange((tables, own) => {
    if (own) own.forEach(take)
    else if (tables.includes('copies')) readSoon()
  })
  await read()
  return {
    shownAs,
    onShown(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close() {
      cancelRetry = undefined
    },
  }
}
