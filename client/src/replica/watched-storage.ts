import type { ReplicaStorage } from './storage.ts'
import { StorageError } from './storage-error.ts'

/** What tells the end of a trouble: that a row was written, in a unit of the same durability; of these that it answers at all. */
const ANSWERS = ['stalled', 'failing']

/** Tells what the storage fails with, and `undefined` once that is over. A disk that is full can still be read, and deleted from. */
export function watchedStorage(storage: ReplicaStorage, tell: (error?: StorageError) => void): ReplicaStorage {
  /** What has to work for the trouble to be over. */
  let awaited: string | undefined
  async function watched<T>(kind: string, unit: Promise<T>, wrote = () => false): Promise<T> {
    try {
      const result = await unit
      if (awaited === '' || (awaited === kind && wrote())) {
        awaited = undefined
        tell()
      }
      return result
    } catch (error) {
      if (error instanceof StorageError) {
        awaited = ANSWERS.includes(error.trouble) ? '' : kind
        tell(error)
      }
      throw error
    }
  }
  return {
    ...storage,
    read: (tables, work) => watched('read', storage.read(tables, work)),
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
