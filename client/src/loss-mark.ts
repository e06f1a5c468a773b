import { type Clock, within } from '@tidemark/shared'
import type { Device } from './device.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { SELF } from './replica/rows.ts'
import type { ReplicaStorage } from './replica/storage.ts'

/** What was saved on this device and exists nowhere else. */
export interface Unsent {
  readonly pending: number
  readonly refused: number
}

/** What a device has lost of that. */
export interface Loss extends Unsent {
  /** It is told no more. */
  dismiss(): void
}

/** Notices at the next start that a device has cleared the storage of a replica, by what was written down beside it. */
export interface LossMark {
  /** Undefined when nothing was lost, or once it is dismissed. */
  readonly loss: Loss | undefined
  /** True where this device has kept the replica before. */
  readonly known: boolean
  /** Writes the present counts down. Never throws, never waits. */
  note(): void
  /** The replica goes for good: nothing will be missed. */
  forget(): Promise<void>
}

export interface LossMarkPorts {
  readonly device: Device
  /** The name of the database: the key. */
  readonly database: string
  readonly storage: ReplicaStorage
  readonly clock: Clock
  /** May count too much for a moment, never too little. */
  readonly present: () => Unsent
  /** A loss was dismissed. */
  readonly changed: () => void
}

/** How long a device may take over one text before it counts as not there, in ms. */
export const DEVICE_MS_MAX = 1000

/** To be opened before the replica is, for a loss shows in that the storage is new. Throws what the storage throws. */
export async function openLossMark({ device, database, storage, clock, present, changed }: LossMarkPorts): Promise<LossMark> {
  const lostKey = `${database} lost`
  /** Undefined where the device fails, or is silent. */
  const tried = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
    try {
      return await within(clock, DEVICE_MS_MAX, Promise.resolve(work()), Error)
    } catch {
      return undefined
    }
  }
  const recall = (key: string) => tried(async (): Promise<Unsent> => JSON.parse((await device.recall(key)) ?? ''))
  const remember = (key: string, counts?: Unsent) => tried(() => device.remember(key, counts && JSON.stringify(counts)))

  const isNew = !(await storage.read(['self'], (tx) => tx.get('self', SELF)))
  const before = await recall(database)
  let lost = await recall(lostKey)
  if (isNew && before && before.pending + before.refused > 0) {
    const { pending, refused } = lost ?? { pending: 0, refused: 0 }
    lost = { pending: pending + before.pending, refused: refused + before.refused }
    // In this order, and before anything is new no more: a crash in between counts twice, and leaves nothing out.
    await remember(lostKey, lost)
    await remember(database, { pending: 0, refused: 0 })
  }
  let loss: Loss | undefined = lost && {
    ...lost,
    dismiss() {
      loss = undefined
      void remember(lostKey)
      changed()
    },
  }
  let written: string | undefined
  let over = false
  return {
    get loss() {
      return loss
    },
    known: !!before,
    // One at a time, the latest only: a device may be slow.
    note: oneAtATime(async () => {
      const counts = JSON.stringify(present())
      if (over || counts === written) return
      // One that never says so is asked again, with the next counts.
      await within(clock, DEVICE_MS_MAX, Promise.resolve(device.remember(database, counts)), Error)
      written = counts
    }),
    async forget() {
      over = true
      await remember(database)
      await remember(lostKey)
    },
  }
}
