import { type Ack, type SpaceId, TAIL_MS, TAIL_MUTATIONS_MAX, toVersion, type Version } from '@tidemark/shared'
import { endShowing, keep } from './arrivals.ts'
import { replay, type Stage } from './replay.ts'
import type { OutboxRow, RefusedRow, TailRow } from './rows.ts'
import type { Unit } from './unit.ts'

/**
 * Settles mutations by their acks, inside one unit [M4]. What is not pending, or of another nonce, is ignored. Returns the
 * versions that copies must still reach for the showing of what is done to end, by these acks or earlier ones.
 */
export async function settle(unit: Unit, stage: Stage, acks: readonly Ack[], nowMs: number): Promise<ReadonlyMap<SpaceId, Version>> {
  const rows = await unit.outbox()
  const ended = new Map<OutboxRow, Ack>()
  for (const ack of acks) {
    const row = rows.find(({ n, nonce, in: done }) => n === ack.n && nonce === ack.nonce && !done)
    if (row && !ended.has(row)) ended.set(row, ack)
  }
  const affected = new Set<SpaceId>()
  for (const [row, ack] of ended) {
    const { in: _, touched, arrived, ...mutation } = row
    const { n, nonce, in: versions = {}, error } = ack
    if (error) {
      await unit.removeOutbox(n)
      unit.put('refused', { ...mutation, error } satisfies RefusedRow)
      unit.put('tail', { n, nonce, void: true, settledMs: nowMs } satisfies TailRow)
      for (const space of touched) affected.add(space)
      continue
    }
    unit.put('tail', { ...mutation, in: versions, settledMs: nowMs } satisfies TailRow)
    await unit.setSelf({ confirmed: (await unit.self()).confirmed + 1 })
    const here: SpaceId[] = []
    for (const space of touched) {
      const copy = await unit.copy(space)
      const version = versions[space]
      if (copy && version !== undefined && version > copy.version) continue
      if (!arrived.includes(space)) affected.add(space)
      here.push(space)
    }
    await keep(unit, { ...row, in: versions, arrived: [...new Set([...arrived, ...here])] })
  }
  if (ended.size > 0) await trimTail(unit, Math.max(...[...ended.keys()].map(({ n }) => n)), ended.size, nowMs)
  if (affected.size > 0) await replay(unit, stage, affected)
  const toReach = new Map<SpaceId, Version>()
  for (const { in: versions, touched, arrived } of await unit.outbox())
    for (const space of touched) {
      const version = versions?.[space] ?? 0
      if (!arrived.includes(space) && version > (toReach.get(space) ?? 0)) toReach.set(space, toVersion(version))
    }
  return toReach
}

/** Keeps the tail within its bounds [M6]; looks at twice as many rows as came, so that it never falls behind. */
async function trimTail(unit: Unit, last: number, came: number, nowMs: number): Promise<void> {
  unit.removeRange('tail', { to: last - TAIL_MUTATIONS_MAX })
  const oldest = (await unit.tx.list('tail', {}, 2 * came)) as readonly TailRow[]
  for (const { n, settledMs } of oldest) if (n < last && nowMs - settledMs > TAIL_MS) unit.remove('tail', n)
}

/** Takes a copy away [B8]; what is pending stays, and shows again on the copy that may come. */
export async function dropCopy(unit: Unit, stage: Stage, space: SpaceId): Promise<void> {
  const copy = await unit.copy(space)
  if (!copy) return
  await unit.removeCopy(copy)
  await endShowing(unit, space, (row) => row.in !== undefined)
  for (const row of await unit.outbox())
    if (!row.in && row.arrived.includes(space)) await unit.setOutbox({ ...row, arrived: row.arrived.filter((other) => other !== space) })
  await replay(unit, stage, [space])
}
