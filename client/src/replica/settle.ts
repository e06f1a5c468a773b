import { type Ack, type SpaceId, TAIL_MS, TAIL_MUTATIONS_MAX, type Version, ZERO } from '@tidemark/shared'
import type { Answer } from '../outbox/outbox.ts'
import { keep } from './arrivals.ts'
import { footing, forget, heal, identities, prove, reviewed } from './healing.ts'
import { replay, type Stage } from './replay.ts'
import { type Identity, isDismissed, type OutboxRow, type RefusedRow, type TailRow } from './rows.ts'
import type { Unit } from './unit.ts'

/**
 * Settles mutations by their acks, inside one unit [M4], and heals what the answer shows to be wrong [M5]. What is not pending, or of
 * another nonce, is ignored. Returns the versions that copies must still reach for the showing of what is done to end, by these
 * acks or earlier ones.
 */
export async function settle(
  unit: Unit,
  stage: Stage,
  acks: readonly Ack[],
  nowMs: number,
  answer?: Answer,
): Promise<ReadonlyMap<SpaceId, Version>> {
  const self = await unit.self()
  const identity = identities(self).findLast(({ client }) => client === (answer ?? self).client)
  const affected = new Set<SpaceId>()
  if (identity) await takeAnswer(unit, identity, acks, answer, nowMs, affected)
  if (affected.size > 0) await replay(unit, stage, affected)
  const toReach = new Map<SpaceId, Version>()
  for (const { in: versions, touched, arrived } of await unit.outbox())
    for (const space of touched) {
      const version = versions?.[space] ?? ZERO
      if (!arrived.includes(space) && version > (toReach.get(space) ?? 0)) toReach.set(space, version)
    }
  return toReach
}

/** Adds to `affected` the spaces of which something else is to be shown now. */
async function takeAnswer(
  unit: Unit,
  identity: Identity,
  acks: readonly Ack[],
  answer: Answer | undefined,
  nowMs: number,
  affected: Set<SpaceId>,
): Promise<void> {
  const { client, after } = identity
  const { doubts, epoch } = await unit.self()
  const isPresent = answer?.epoch === epoch
  const pending = new Map((await unit.outbox()).flatMap((row) => (row.in ? [] : [[row.n, row]])))
  let last = after
  let lastNonce: string | undefined
  let settled = 0
  for (const ack of acks) {
    const n = after + ack.n
    const { nonce } = ack
    let row = pending.get(n)
    if (!row && isPresent && doubts.includes(client)) {
      const known = (await unit.tx.get('tail', n)) as TailRow | undefined
      if (known?.nonce !== nonce) continue
      last = n
      row = await reviewed(unit, identity, known, ack)
      row?.touched.forEach((space) => void affected.add(space))
    }
    if (row?.nonce !== nonce) continue
    const on = lastNonce && last === n - 1 ? lastNonce : await footing(unit.tx, row, identity)
    await end(unit, row, ack, { on, settledMs: nowMs }, affected)
    pending.delete(n)
    last = n
    lastNonce = nonce
    settled++
  }
  if (isPresent && last > after) await prove(unit, client)
  if (settled > 0) await trimTail(unit, last, acks.length, nowMs)
  if (isPresent && answer.error)
    for (const { touched } of await heal(unit, identity, answer.error, last)) touched.forEach((space) => void affected.add(space))
}

/** Settles one pending mutation by its ack. */
async function end(
  unit: Unit,
  row: OutboxRow,
  { in: versions = {}, error }: Ack,
  settled: Pick<TailRow, 'on' | 'settledMs'>,
  affected: Set<SpaceId>,
): Promise<void> {
  const { touched, arrived, in: _, on: __, again, void: isVoid, ...mutation } = row
  const { n, nonce } = mutation
  // What had been settled before was done, however long ago.
  const isRefused = error && !(error.code === 'outcome-unknown' && again !== undefined)
  // The server had done it before it heard that it was taken back.
  const isDoneAnyway = isDismissed(row) && !error
  if ((isVoid && !isDoneAnyway) || isRefused) {
    unit.set('outbox', n)
    unit.set('tail', n, { n, nonce, void: true, ...settled } satisfies TailRow)
    if (isRefused && !isVoid) unit.set('refused', n, { ...mutation, error } satisfies RefusedRow)
    for (const space of touched) affected.add(space)
    return
  }
  const { s, confirmed, discarded } = await unit.self()
  unit.set('tail', n, { ...mutation, in: versions, touched, s, ...settled } satisfies TailRow)
  await unit.setSelf({ confirmed: confirmed + 1, discarded: isDoneAnyway ? discarded - 1 : discarded })
  const there = new Set(arrived)
  for (const space of touched) {
    if ((versions[space] ?? 0) > ((await unit.copy(space))?.version ?? Infinity)) continue
    if (!there.has(space)) affected.add(space)
    there.add(space)
  }
  keep(unit, { ...row, in: versions, arrived: [...there] })
}

/** Keeps the tail within its bounds [M6]; looks at twice as many rows as came, so that it never falls behind. */
async function trimTail(unit: Unit, last: number, came: number, nowMs: number): Promise<void> {
  unit.removeRange('tail', { to: last - TAIL_MUTATIONS_MAX })
  const oldest = (await unit.tx.list('tail', {}, 2 * came)) as readonly TailRow[]
  for (const { n, settledMs } of oldest) if (n < last && nowMs - settledMs > TAIL_MS) unit.set('tail', n)
  await forget(unit)
}
