import type { SpaceId, Version } from '@tidemark/shared'
import type { ReadTransaction } from '../changelog/changelog.ts'
import type { View } from './view.ts'

/** Collection to floor, of those collections of which a floor leaves something out. */
export type Floors = ReadonlyMap<string, Version>

/**
 * Under each windowed collection the floor of its newest documents, of those created up to where the run began [W1]. Of what its reader
 * never sees all is left out. Deletions since then may lower a floor from page to page: of a run's floors the highest counts.
 */
export async function floorsOf(tx: ReadTransaction, space: SpaceId, { windows }: View, began: Version): Promise<Floors> {
  const floors = new Map<string, Version>()
  for (const [collection, count] of windows) {
    const floor = count === 0 ? began : await tx.floor(space, collection, began, count)
    if (floor > 0) floors.set(collection, floor)
  }
  return floors
}

/** Those that the reader is told of: what they may page in. */
export function toldFloors(floors: Floors, { windows }: View): Floors {
  return new Map([...floors].filter(([collection]) => windows.get(collection) !== 0))
}
