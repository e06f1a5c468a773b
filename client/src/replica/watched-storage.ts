import type { ReplicaStorage } from './storage.ts'
import { StorageError } from './storage-error.ts'

/** Tells what the storage fails with, and `undefined` once a unit of the kind that failed last works again: reading works on a full disk, too. */
export function watchedStorage(storage: ReplicaStorage, tell: (error?: StorageError) => void): ReplicaStorage {
  let failed: string | undefined
  async function watched<T>(kind: string, unit: Promise<T>): Promise<T> {
    try {
      const result = await unit
      if (failed === kind) {
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
    read: (tables, work) => watched('read', storage.read(tables, work)),
    write: (tables, durability, work) => watched(durability, storage.write(tables, durability, work)),
  }
}
