import { type Ack, type SpaceId, TAIL_MS, TAIL_MUTATIONS_MAX, toVersion, type Version } from '@tidemark/shared'
import { endShowing, keep } from './arrivals.ts'
import { replay, type Stage } from './replay.ts'
import type { OutboxRow, RefusedRow, TailRow } from './rows.ts'
import type { Unit } from './unit.ts'

export interface Settled {
  readonly ended: readonly Ack[]
  readonly toReach: ReadonlyMap<SpaceId, Version>
}

/** Settles mutations by their acks, inside one unit [M4]. What is not pending, or of another nonce, is ignored. */
export async function settle(unit: Unit, stage: Stage, acks: readonly Ack[], nowMs: number): Promise<Settled> {
  const pending = new Map((await unit.outbox()).filter((row) => !row.in).map((row) => [row.n, row]))
  const ended = acks.filter(({ n, nonce }) => pending.get(n)?.nonce === nonce)
  const toReach = new Map<SpaceId, Version>()
  const affected = new Set<SpaceId>()
  for (const ack of ended) {
    const row = pending.get(ack.n) as OutboxRow
    // An ack repeated within one call settles once.
    pending.delete(ack.n)
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
    for (const [space, version] of Object.entries(versions)) {
      const copy = await unit.copy(space)
      if (copy && copy.version < version) toReach.set(space, toVersion(Math.max(version, toReach.get(space) ?? 0)))
    }
    await keep(unit, { ...row, in: versions, arrived: [...new Set([...arrived, ...here])] })
  }
  if (ended.length > 0) await trimTail(unit, Math.max(...ended.map(({ n }) => n)), ended.length, nowMs)
  if (affected.size > 0) await replay(unit, stage, affected)
  return { ended, toReach }
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
