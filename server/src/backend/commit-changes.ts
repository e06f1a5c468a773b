import type { SpaceId, Version } from '@tidemark/shared'
import type { NewChange, WriteTransaction } from '../changelog/changelog.ts'

/** One commit in each space that something changes. */
export async function commitChanges(
  tx: WriteTransaction,
  changes: ReadonlyMap<SpaceId, readonly NewChange[]>,
  origin: string | undefined,
  nowMs: number,
): Promise<ReadonlyMap<SpaceId, Version>> {
  const versions = new Map<SpaceId, Version>()
  // In one order everywhere, so that engines that lock spaces never wait for each other in a circle.
  const inOrder = changes.size === 1 ? changes : [...changes].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [space, list] of inOrder) versions.set(space, (await tx.commit(space, list, origin, nowMs)).version)
  return versions
}
