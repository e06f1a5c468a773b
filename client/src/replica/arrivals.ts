import type { Acked, SpaceId, Version } from '@tidemark/shared'
import type { OutboxRow, TailRow } from './rows.ts'
import type { Unit } from './unit.ts'

/** What is known to be done at one head of a space [M4]. */
export interface Known {
  readonly acked: Acked
  readonly head: Version
}

/** Ends the showing in `space` of the mutations that `ended` names; what is done and shown nowhere any more leaves the outbox. */
export async function endShowing(unit: Unit, space: SpaceId, ended: (row: OutboxRow) => boolean): Promise<void> {
  for (const row of await unit.outbox()) {
    if (row.touched.includes(space) && !row.arrived.includes(space) && ended(row))
      await keep(unit, { ...row, arrived: [...row.arrived, space] })
  }
}

/** Writes a row of the outbox, or takes it off when nothing waits for it any more. */
export async function keep(unit: Unit, row: OutboxRow): Promise<void> {
  if (row.in && row.touched.every((space) => row.arrived.includes(space))) await unit.removeOutbox(row.n)
  else await unit.setOutbox(row)
}

/** A copy of `space` begins at nothing: what had arrived in the former one is shown until it arrives in the new one. */
export async function forgetArrivals(unit: Unit, space: SpaceId): Promise<void> {
  for (const row of await unit.outbox()) {
    if (row.arrived.includes(space)) await unit.setOutbox({ ...row, arrived: row.arrived.filter((other) => other !== space) })
  }
}

/** The number up to which mutations of this device are done, if `acked` speaks of this device: its nonce must be ours. */
export async function doneUpTo(unit: Unit, { acked: [n, nonce] }: Known): Promise<number> {
  if (n === 0) return 0
  const row = (await unit.outbox()).find((row) => row.n === n) ?? ((await unit.tx.get('tail', n)) as TailRow | undefined)
  return row?.nonce === nonce ? n : 0
}
