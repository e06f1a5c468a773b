import type { ReplicaStorage } from './storage.ts'
import { StorageError } from './storage-error.ts'

/**
 * Tells what the storage fails with, and `undefined` once a unit of the kind that failed last works again: on a full disk reading
 * works, too, and so does deleting.
 */
export function watchedStorage(storage: ReplicaStorage, tell: (error?: StorageError) => void): ReplicaStorage {
  let failed: string | undefined
  async function watched<T>(kind: string, unit: Promise<T>, proves: () => boolean): Promise<T> {
    try {
      const result = await unit
      if (failed === kind && proves()) {
        failed = undefined
        tell()
      }
      return result
    } catch (error) {
      if (error instanceof StorageError) {
        failed = kind
        tell(error)
      }
      throw error
    }
  }
  return {
    ...storage,
    read: (tables, work) => watched('read', storage.read(tables, work), () => true),
    write(tables, durability, work) {
      let puts = false
      const unit = storage.write(tables, durability, async (tx) => {
        const done = await work(tx)
        puts = done.writes.some((write) => 'put' in write)
        return done
      })
      return watched(durability, unit, () => puts)
    },
  }
}
