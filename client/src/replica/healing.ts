import { type Ack, type Acked, nextClientId, type SpaceId, sameJson, type WireError } from '@tidemark/shared'
import type { Asker } from '../outbox/outbox.ts'
import { FORMAT, type Identity, type OutboxRow, pendingOf, type SelfRow, type TailRow } from './rows.ts'
import type { StorageRead } from './storage.ts'
import type { Unit } from './unit.ts'

/*
 * [M5] What is settled under one client id is a chain of nonces: the ack of its last link proves all of it. So where the server may
 * have forgotten something, the last link of each chain is offered again (a doubt), and only what turns out to be lost is pending
 * again. Where another device's mutations stand in the way, what comes from there on goes on under a new client id.
 */

/** Former client ids that are remembered. Beyond it the tail of the oldest is let go, as if it had become too old. */
export const FORMER_MAX = 32

/** Oldest first; the last one is the present one. */
export function identities({ client, after, n, proven, former }: SelfRow): readonly Identity[] {
  return [...former, { client, after, upTo: n, proven }]
}

/** What a mutation stands on: the nonce of the one before it; undefined where that is not known any more. */
export async function footing(
  tx: StorageRead,
  { n, on }: { readonly n: number; readonly on?: string | undefined },
  { after }: Identity,
): Promise<string | undefined> {
  if (on !== undefined || n === after + 1) return on ?? ''
  return ((await tx.get('outbox', n - 1)) ?? (await tx.get('tail', n - 1)))?.nonce as string | undefined
}

/** What was settled last, of what the local number `open` is the first that is not; undefined where the tail does not have it. */
export async function lastSettled(
  tx: StorageRead,
  identity: Identity,
  open: number,
): Promise<(TailRow & { readonly on: string }) | undefined> {
  const row = open > identity.after + 1 ? ((await tx.get('tail', open - 1)) as TailRow | undefined) : undefined
  const on = row && (await footing(tx, row, identity))
  return row && on !== undefined ? { ...row, on } : undefined
}

/** The history of a space is another one: what was acknowledged is in doubt. Where it was replaced here, the app is told what comes of it. */
export async function doubt(unit: Unit, isReplaced: boolean): Promise<void> {
  if (isReplaced) await count(unit, 0, 0)
  await doubtOf(unit, identities(await unit.self()))
}

/** Of those of `these` that have a tail. */
async function doubtOf(unit: Unit, these: readonly Identity[]): Promise<void> {
  if (these.length === 0) return
  const { doubts, epoch } = await unit.self()
  const more = new Set(doubts)
  for (const { client, after, upTo } of these)
    if (upTo > after && (await unit.tx.list('tail', { from: after + 1, to: upTo }, 1)).length > 0) more.add(client)
  await unit.setSelf({ doubts: [...more], epoch: epoch + 1 })
}

async function trust(unit: Unit, client: string): Promise<void> {
  const { doubts } = await unit.self()
  if (doubts.includes(client)) await unit.setSelf({ doubts: doubts.filter((other) => other !== client) })
}

/** The server has what was settled under this client id, in the history of which this device knows. */
export async function prove(unit: Unit, client: string): Promise<void> {
  await trust(unit, client)
  const { client: present, proven, former, s } = await unit.self()
  if (client !== present)
    await unit.setSelf({ former: former.map((identity) => (identity.client === client ? { ...identity, proven: s } : identity)) })
  else if (proven !== s) await unit.setSelf({ proven: s })
}

/** Adds to what the app is to be told. */
async function count(unit: Unit, offeredAgain: number, lost: number): Promise<void> {
  const { untold } = await unit.self()
  const before = untold ?? {
    kept: pendingOf(await unit.outbox()).filter((row) => row.again === undefined).length,
    offeredAgain: 0,
    lost: 0,
  }
  await unit.setSelf({ untold: { ...before, offeredAgain: before.offeredAgain + offeredAgain, lost: before.lost + lost } })
}

/** Makes new mutations under another client id. False, with nothing done, where all that can be remembered still have pending ones. */
async function begin(unit: Unit, client: string, before: readonly Identity[]): Promise<boolean> {
  const outbox = await unit.outbox()
  const former = before.filter(({ after, upTo }) => upTo > after)
  while (former.length > FORMER_MAX) {
    const at = former.findIndex(({ after, upTo }) => !outbox.some(({ n, in: done }) => !done && n > after && n <= upTo))
    const [gone] = former.splice(at, at < 0 ? 0 : 1)
    if (!gone) return false
    unit.removeRange('tail', { from: gone.after + 1, to: gone.upTo })
  }
  const { n, doubts, epoch } = await unit.self()
  const kept = doubts.filter((doubted) => former.some((identity) => identity.client === doubted))
  await unit.setSelf({ client, after: n, proven: undefined, former, doubts: kept, epoch: epoch + 1, minWriter: FORMAT })
  return true
}

/** Forgets former client ids of which nothing is left. */
export async function forget(unit: Unit): Promise<void> {
  const { former } = await unit.self()
  const left: Identity[] = []
  for (const identity of former) {
    const range = { from: identity.after + 1, to: identity.upTo }
    if ((await unit.tx.list('outbox', range, 1)).length + (await unit.tx.list('tail', range, 1)).length > 0) left.push(identity)
    else await trust(unit, identity.client)
  }
  if (left.length < former.length) await unit.setSelf({ former: left })
}

/**
 * Another ack of what had been settled. Where it tells of another end, the server had lost it and ran it again: then it is pending
 * again, to be settled by this ack, and is returned.
 */
export async function reviewed(
  unit: Unit,
  identity: Identity,
  row: TailRow,
  { in: versions = {}, error }: Ack,
): Promise<OutboxRow | undefined> {
  if ('void' in row) return undefined
  const isSame = error ? error.code === 'outcome-unknown' : sameJson(versions, row.in ?? {})
  return isSame ? undefined : (await takeBack(unit, identity, [row], true))[0]
}

/** What was settled is pending again. It shows where it is not in what is shown anyway. */
async function takeBack(unit: Unit, { proven = 0 }: Identity, rows: readonly TailRow[], isLost: boolean): Promise<readonly OutboxRow[]> {
  const back: OutboxRow[] = []
  for (const row of rows) {
    if ('void' in row) {
      const { n, nonce, on } = row
      back.push({ n, nonce, on, void: true, again: isLost, space: '', name: '', args: {}, madeMs: 0, touched: [], arrived: [] })
      continue
    }
    const { in: versions = {}, settledMs: _, s = 0, touched = [row.space], ...mutation } = row
    const arrived: SpaceId[] = []
    for (const space of touched) {
      const { renewed = 0, version = Infinity } = (await unit.copy(space)) ?? {}
      if (renewed <= Math.max(s, proven) && (versions[space] ?? 0) <= version) arrived.push(space)
    }
    back.push({ ...mutation, touched, arrived, again: isLost })
  }
  for (const row of back) {
    unit.set('tail', row.n)
    unit.set('outbox', row.n, row)
  }
  const counted = back.filter((row) => !row.void).length
  const { confirmed } = await unit.self()
  await unit.setSelf({ confirmed: confirmed - counted, minWriter: FORMAT })
  if (isLost) await count(unit, counted, 0)
  return back
}

/** The server knows of nothing from number `expected` on: what was settled is offered again. */
async function offerFrom(unit: Unit, identity: Identity, expected: number): Promise<readonly OutboxRow[]> {
  const from = identity.after + expected
  const open = await firstOpen(unit, identity)
  if (from >= open) return []
  const back = await offer(unit, identity, from, true)
  const first = back[0]?.n ?? open
  // Where the tail does not reach back to it, the numbers in between stay empty for ever.
  return first === from ? back : move(unit, identity, from, first - from)
}

async function firstOpen(unit: Unit, { after, upTo }: Identity): Promise<number> {
  return (await unit.outbox()).find(({ n, in: done }) => !done && n > after && n <= upTo)?.n ?? upTo + 1
}

/** What was settled is pending again, from the local number `from` on. */
async function offer(unit: Unit, identity: Identity, from: number, isLost: boolean): Promise<readonly OutboxRow[]> {
  await trust(unit, identity.client)
  await unit.setSelf({ epoch: (await unit.self()).epoch + 1 })
  return takeBack(unit, identity, (await unit.tx.list('tail', { from, to: identity.upTo })) as readonly TailRow[], isLost)
}

/**
 * Looks at what `welcome` says was done last under the client id that asked. Returns the mutations of which something else is to be
 * shown now.
 */
export async function compare(unit: Unit, asker: Asker, [n, nonce]: Acked, newClient: string): Promise<readonly OutboxRow[]> {
  const self = await unit.self()
  const { client, after, former } = self
  if (client !== asker.client) return []
  const present = identities(self).slice(-1)
  const row = (await unit.tx.get('outbox', after + n)) ?? (await unit.tx.get('tail', after + n))
  const isOurs = n === 0 || row?.nonce === nonce
  // Of former ones it says nothing.
  await doubtOf(unit, isOurs ? former : [...former, ...present])
  // This device was set back: what it makes from here on is not what it had made under these numbers.
  if (after + n > self.n) await begin(unit, newClient, identities(self))
  return isOurs && n < asker.settled ? offerFrom(unit, present[0] as Identity, n + 1) : []
}

/**
 * Does what the error of an answer calls for: `acked` is the last local number that the same answer acknowledged. Returns the
 * mutations of which something else is to be shown now.
 */
export async function heal(unit: Unit, identity: Identity, error: WireError, acked: number): Promise<readonly OutboxRow[]> {
  if (error.code === 'out-of-order' && error.expected) return offerFrom(unit, identity, error.expected)
  if (error.code !== 'client-conflict' || !error.n) return []
  const { after } = identity
  const open = await firstOpen(unit, identity)
  // What was settled last is not there: what comes first shows where the histories part.
  if (after + error.n < open) return offer(unit, identity, after + 1, false)
  if (after + error.n > open) return []
  if (acked === open - 1) return move(unit, identity, open, 0)
  if (!(await lastSettled(unit.tx, identity, open))) return move(unit, identity, open, open - 1 - after)
  // They may part before it.
  await doubtOf(unit, [identity])
  return []
}

/**
 * Everything of a client id from the local number `from` on goes on under a new one, in its order, with its nonces. `missing`: so many
 * that had been settled before them may be lost, because the tail does not have them.
 */
async function move(unit: Unit, { client, upTo }: Identity, from: number, missing: number): Promise<readonly OutboxRow[]> {
  const self = await unit.self()
  const rows = (await unit.outbox()).filter(({ n, in: done }) => !done && n >= from && n <= upTo)
  const [first] = rows
  const before = identities(self).map((identity) => (identity.client === client ? { ...identity, upTo: from - 1 } : identity))
  if (!first || !(await begin(unit, nextClientId(client, first.nonce), before))) return []
  let { n } = self
  const moved = rows.map((row) => ({ ...row, n: ++n, on: undefined, again: row.again === undefined ? undefined : true }))
  for (const row of rows) unit.set('outbox', row.n)
  for (const row of moved) unit.set('outbox', row.n, row)
  await unit.setSelf({ n })
  // What was never settled stands behind whatever was.
  if (first.again !== undefined) await count(unit, rows.filter((row) => row.again === false && !row.void).length, missing)
  return moved
}
