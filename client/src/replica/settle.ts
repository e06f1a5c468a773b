import { type Ack, type SpaceId, TAIL_MS, TAIL_MUTATIONS_MAX, type Version, ZERO } from '@tidemark/shared'
import { keep } from './arrivals.ts'
import { replay, type Stage } from './replay.ts'
import type { RefusedRow, TailRow } from './rows.ts'
import type { Unit } from './unit.ts'

/**
 * Settles mutations by their acks, inside one unit [M4]. What is not pending, or of another nonce, is ignored. Returns the
 * versions that copies must still reach for the showing of what is done to end, by these acks or earlier ones.
 */
export async function settle(unit: Unit, stage: Stage, acks: readonly Ack[], nowMs: number): Promise<ReadonlyMap<SpaceId, Version>> {
  const pending = new Map((await unit.outbox()).flatMap((row) => (row.in ? [] : [[row.n, row]])))
  const affected = new Set<SpaceId>()
  let last = 0
  for (const { n, nonce, in: versions = {}, error } of acks) {
    const row = pending.get(n)
    if (row?.nonce !== nonce) continue
    pending.delete(n)
    const { touched, arrived, in: _, ...mutation } = row
    last = Math.max(last, n)
    if (error) {
      unit.set('outbox', n)
      unit.set('refused', n, { ...mutation, error } satisfies RefusedRow)
      unit.set('tail', n, { n, nonce, void: true, settledMs: nowMs } satisfies TailRow)
      for (const space of touched) affected.add(space)
      continue
    }
    unit.set('tail', n, { ...mutation, in: versions, settledMs: nowMs } satisfies TailRow)
    await unit.setSelf({ confirmed: (await unit.self()).confirmed + 1 })
    const there = new Set(arrived)
    for (const space of touched) {
      if ((versions[space] ?? 0) > ((await unit.copy(space))?.version ?? Infinity)) continue
      if (!there.has(space)) affected.add(space)
      there.add(space)
    }
    keep(unit, { ...row, in: versions, arrived: [...there] })
  }
  if (last > 0) await trimTail(unit, last, acks.length, nowMs)
  if (affected.size > 0) await replay(unit, stage, affected)
  const toReach = new Map<SpaceId, Version>()
  for (const { in: versions, touched, arrived } of await unit.outbox())
    for (const space of touched) {
      const version = versions?.[space] ?? ZERO
      if (!arrived.includes(space) && version > (toReach.get(space) ?? 0)) toReach.set(space, version)
    }
  return toReach
}

/** Keeps the tail within its bounds [M6]; looks at twice as many rows as came, so that it never falls behind. */
async function trimTail(unit: Unit, last: number, came: number, nowMs: number): Promise<void> {
  unit.removeRange('tail', { to: last - TAIL_MUTATIONS_MAX })
  const oldest = (await unit.tx.list('tail', {}, 2 * came)) as readonly TailRow[]
  for (const { n, settledMs } of oldest) if (n < last && nowMs - settledMs > TAIL_MS) unit.set('tail', n)
}
