import type { Acked, SpaceId, Version } from '@tidemark/shared'
import type { OutboxRow } from './rows.ts'
import type { Unit } from './unit.ts'

/** What is known to be done at one head of a space [M4]. */
export interface Known {
  readonly acked: Acked
  readonly head: Version
}

/**
 * Says of the mutations that touch `space` whether its copy holds what the server made of them, so that nothing optimistic of
 * theirs shows there any more. `before`: what held until now.
 */
export async function setArrivals(unit: Unit, space: SpaceId, isThere: (row: OutboxRow, before: boolean) => boolean): Promise<void> {
  for (const row of await unit.outbox()) {
    const before = row.arrived.includes(space)
    if (!row.touched.includes(space) || isThere(row, before) === before) continue
    keep(unit, { ...row, arrived: before ? row.arrived.filter((other) => other !== space) : [...row.arrived, space] })
  }
}

/** Writes a row of the outbox, or takes it off when nothing waits for it any more. */
export function keep(unit: Unit, row: OutboxRow): void {
  const isOver = row.in && row.touched.every((space) => row.arrived.includes(space))
  unit.set('outbox', row.n, isOver ? undefined : row)
}

/** Which mutations are done, if `acked` speaks of the present client id of this device: its nonce must be ours. */
export async function doneBy(unit: Unit, { acked: [n, nonce] }: Known): Promise<(row: OutboxRow) => boolean> {
  const { after } = await unit.self()
  const last = after + n
  const row = (await unit.outbox()).find((row) => row.n === last) ?? (await unit.tx.get('tail', last))
  return (other) => row?.nonce === nonce && other.n > after && other.n <= last
}
