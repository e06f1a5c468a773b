import {
  type Acked,
  type App,
  type Clock,
  ForbiddenError,
  type Heads,
  InvalidError,
  newClientId,
  newNonce,
  type OlderPage,
  type Random,
  type Range,
  type SpaceId,
  type Standing,
  toJsonObject,
  UnavailableError,
  type Version,
  within,
  ZERO,
} from '@tidemark/shared'
import type { Copies } from '../following/copies.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { HistoryReset } from '../replica-api.ts'
import { applyRange, dropCopy, isWhole, standingOf } from './apply-range.ts'
import type { Known } from './arrivals.ts'
import { type AwaitedPage, awaitPage, type Taken } from './awaited-page.ts'
import { firstPending, nextBatch } from './batch.ts'
import { type Confirmations, confirmations, type Enqueued } from './confirmations.ts'
import { dismiss, enqueue, type Made, openCopy } from './enqueue.ts'
import { sweep } from './garbage.ts'
import { compare, identities } from './healing.ts'
import { makeRoom } from './make-room.ts'
import { replay, type Stage, UnitFailedError } from './replay.ts'
import {
  allTables,
  type CopyRow,
  type Floors,
  FORMAT,
  type Identity,
  isDismissed,
  type OutboxRow,
  pendingOf,
  type RefusedRow,
  SELF,
  type SelfRow,
} from './rows.ts'
import { beginForNewTables } from './schema.ts'
import { settle } from './settle.ts'
import { type ShownListener, shownCopies } from './shown-copies.ts'
import type { ReplicaStorage } from './storage.ts'
import { StorageError } from './storage-error.ts'
import { openUnit, present, type Unit } from './unit.ts'
import { withdraw } from './withdraw.ts'

/** What the status tells of one copy. */
export interface CopyState extends Standing {
  readonly head: number
  /** True while it shows less than a whole prefix of the commits, or another copy is being built. */
  readonly partial: boolean
  readonly floors?: Floors | undefined
}

/** Whom a page of older documents is asked of. */
export interface OlderSource {
  page(before: Version): Promise<OlderPage>
  /** Whether that number and seal are in its history now. */
  holds(standing: Standing): Promise<boolean>
}

/** What a healing came to; `epoch` names it. */
export interface Healed extends HistoryReset {
  readonly epoch: number
}

export interface Audit {
  readonly created: number
  readonly confirmed: number
  readonly refused: number
  readonly pending: number
  readonly discarded: number
}

/** The replica without network, browser or Dexie: everything that happens to rows happens here, one unit at a time. */
export interface ReplicaCore extends Copies, Outbox {
  readonly storage: ReplicaStorage
  /** Runs a mutation here and saves it. Throws the SyncError of a refusal by the mutator or a schema; then nothing is saved. */
  mutate(space: SpaceId, name: string, args: unknown): Promise<Enqueued>
  /** Makes a refused mutation again, in the transaction that takes it off the list. */
  retry(n: number): Promise<Enqueued>
  /** Lets a refused mutation go. */
  dismiss(n: number): Promise<void>
  refused(): Promise<readonly RefusedRow[]>
  /** Takes a pending mutation back; nothing happens where the server has answered for it. */
  withdraw(nonce: string): Promise<void>
  /** What is pending, and, with `void`, what was taken back meanwhile. */
  pending(): Promise<readonly OutboxRow[]>
  audit(): Promise<Audit>
  /** What the app is to be told of healing, once that is over; undefined where there is nothing. */
  healed(): Promise<Healed | undefined>
  /** The app was told that; what came after it is told later. */
  told(healed: Healed): Promise<void>
  confirmed: Confirmations['confirmed']
  /**
   * From here on this tab alone says hello, sends and settles: what another one that led before does of that throws, and writes nothing.
   * Where none ever leads nothing is compared. Returns its number, higher than all before.
   */
  lead(): Promise<number>
  /** Deletes every row, in all tabs. Throws ForbiddenError, with nothing done, where something is pending or refused, unless it is to be discarded. Returns what was. */
  erase(discard: boolean): Promise<Pick<Audit, 'pending' | 'refused'>>
  /**
   * Takes the page of older documents that the server gives [W2]; undefined, with nothing done, where it has to be asked for again.
   * Nothing is asked for where nothing is older. Throws UnavailableError unless the copy is whole and stays the same meanwhile, and what
   * `server` throws.
   */
  takeOlder(space: SpaceId, collection: string, server: OlderSource): Promise<Taken | undefined>
  /** How far each copy has come; spaces without a copy are left out. */
  copies(spaces: readonly SpaceId[]): Promise<ReadonlyMap<SpaceId, CopyState>>
  /** `$s` of the copy that is shown of a space; 0 where there is none. */
  shownAs(space: SpaceId): number
  /** Called when that changes, before anybody can read the new copy. The returned function ends it. */
  onShown(listener: ShownListener): () => void
  /** The server's clock minus this device's, in ms, as `welcome` told it. */
  setClockOffset(offsetMs: number): void
  /** After commits of this tab, and of others where the storage tells. The returned function ends it. */
  onChange: ReplicaStorage['onChange']
  close(): Promise<void>
}

export interface ReplicaPorts {
  readonly app: App
  readonly storage: ReplicaStorage
  readonly clock: Clock
  readonly random: Random
  /** Who uses it; mutators see it as `tx.user`. */
  readonly user: string
  /** Whether the app has a space open: its copy stays when the device runs out of room. Default: all are. */
  readonly isHeld?: ((space: SpaceId) => boolean) | undefined
  /** Called when this tab led, and another one does now. */
  readonly deposed?: (() => void) | undefined
}

/** How long documents of a copy that is shown no longer stay, so that queries of other tabs find their way to the new one; in ms. */
const SWEEP_AFTER_MS = 5000
/** How long a page of older documents waits for the range that leads to where it was read, in ms. */
export const HEAD_WITHIN_MS = 5000
/** Spaces of which it is remembered what was done at their heads. */
const KNOWN_SPACES_MAX = 10_000

const outdated = () => new StorageError('outdated', 'A newer version of this app was here: reload to write.')

/** Opens the replica in `storage`; a new one gets its client id. */
export async function createReplicaCore({
  app,
  storage,
  clock,
  random,
  user,
  isHeld = () => true,
  deposed,
}: ReplicaPorts): Promise<ReplicaCore> {
  let tables = allTables(app)
  const stage: Stage = { app, user, muted: new Set() }
  const known = new Map<SpaceId, Known>()
  const shown = await shownCopies(storage)
  const awaited = new Set<AwaitedPage>()
  const onOutbox = (listener: () => void) => storage.onChange((changed) => void (changed.includes('outbox') && listener()))
  let offsetMs = 0
  /** The server's clock, whatever becomes of this device's: what is settled now is kept for so long [M6]. */
  let settledMs = () => clock.nowMs()
  let cancelSweep = () => {}

  let opened: SelfRow | undefined
  /** The number of this tab, where it leads or led. */
  let leadNumber: number | undefined
  const read: ReplicaStorage['read'] = (tables, work) =>
    storage.read(['self', ...tables], async (tx) => {
      // A storage that was cleared has nothing pending, and lost it.
      present(await tx.get('self', SELF), opened)
      return work(tx)
    })
  /** Looked at in the transaction of each step that only who leads takes. */
  const mustLead = ({ lead }: SelfRow) => {
    if (leadNumber === undefined || leadNumber === lead) return
    deposed?.()
    throw new UnavailableError('another tab of this app is connected now')
  }
  const write = <T>(durability: 'strict' | 'relaxed', work: (unit: Unit) => Promise<T>): Promise<T> =>
    storage.write(tables, durability, async (tx) => {
      const unit = openUnit(tx)
      const result = await work(unit)
      const writes = unit.writes()
      if (writes.length > 0 && (present(await unit.self(), opened).minWriter ?? FORMAT) > FORMAT) throw outdated()
      return { result, writes }
    })
  const { confirmed, look } = confirmations({ ...storage, read })
  onOutbox(look)
  /** One unit; run again once when room could be made for it, and without the mutator that broke it, which then shows nothing here. */
  async function unit<T>(durability: 'strict' | 'relaxed', work: (unit: Unit) => Promise<T>): Promise<T> {
    for (let roomMade = false; ; ) {
      try {
        return await write(durability, work)
      } catch (error) {
        if (error instanceof StorageError && error.trouble === 'full' && !roomMade) {
          roomMade = true
          if (await write('relaxed', (unit) => makeRoom(unit, isHeld)).catch(() => false)) continue
        }
        if (!(error instanceof UnitFailedError && error.byMutator) || stage.muted.has(error.nonce)) throw error
        stage.muted.add(error.nonce)
      }
    }
  }
  const list = (table: string) => storage.read([table], (tx) => tx.list(table))
  const copyRows = (spaces: readonly SpaceId[]) =>
    storage.read(['copies'], (tx) => tx.getMany('copies', spaces)) as Promise<readonly (CopyRow | undefined)[]>

  async function make(made: Omit<Made, 'nonce' | 'madeMs'>): Promise<Enqueued> {
    const nonce = newNonce(random)
    const madeMs = Math.max(0, clock.nowMs() + offsetMs)
    let triedN = 0
    const save = async (unit: Unit) => {
      // The storage runs a unit again when it cannot know what became of it: the same mutation is never saved twice, and may have
      // another number by now.
      if (triedN > 0) {
        const saved = (await unit.outbox()).find((row) => row.nonce === nonce) ?? (await unit.tx.get('tail', triedN))
        if (saved?.nonce === nonce) return saved.n as number
      }
      triedN = (await unit.self()).n + 1
      return enqueue(unit, stage, { ...made, nonce, madeMs }).catch((cause: unknown) => {
        if (!(cause instanceof UnitFailedError && cause.byMutator)) throw cause
        throw new InvalidError(`${made.name} waited for something else than its transaction: do that before the mutation`, { cause })
      })
    }
    for (;;) {
      const n = await unit('strict', save)
      if (n !== undefined) return { n, nonce }
      await unit('relaxed', (unit) => openCopy(unit, stage, made.space))
    }
  }

  const scheduleSweep = () => {
    cancelSweep()
    cancelSweep = clock.after(SWEEP_AFTER_MS, () => {
      unit('relaxed', sweep).then((more) => more && scheduleSweep(), scheduleSweep)
    })
  }

  const self = await unit('strict', async (unit) => {
    const row = await unit.tx.get('self', SELF)
    if (!row) {
      const counts = { n: 0, after: 0, s: 0, epoch: 0, created: 0, confirmed: 0, discarded: 0 }
      const client = newClientId(random)
      const fresh: SelfRow = { id: SELF, client, born: client, ...counts, former: [], doubts: [], tables, garbage: [] }
      unit.set('self', SELF, fresh)
      return fresh
    }
    await beginForNewTables(unit, stage, tables)
    return present(row)
  })
  opened = self
  let clientId = self.client
  /** False where there is nothing to tell for sure. */
  let mayTell = true
  // Whoever leads heals for all tabs.
  storage.onChange((changed, own) => {
    mayTell ||= !own && changed.includes('self')
  })
  // With those of other builds: what they left is swept, too.
  tables = [...new Set([...tables, ...self.tables])]
  scheduleSweep()

  return {
    get clientId() {
      return clientId
    },
    storage,
    mutate: async (space, name, args) => make({ space, name, args: toJsonObject(args, `the arguments of ${name}`) }),
    async retry(n) {
      const row = (await storage.read(['refused'], (tx) => tx.get('refused', n))) as RefusedRow | undefined
      const { space, name, args } = row ?? { space: '', name: '', args: {} }
      return make({ space, name, args, retryOf: n })
    },
    dismiss: (n) => unit('strict', (unit) => dismiss(unit, n)),
    refused: async () => (await list('refused')) as readonly RefusedRow[],
    withdraw: (nonce) => unit('strict', (unit) => withdraw(unit, stage, nonce)),
    pending: () =>
      read(['outbox'], async (tx) =>
        ((await tx.list('outbox')) as readonly OutboxRow[]).filter((row) => isDismissed(row) || !(row.in || row.void)),
      ),
    audit: () =>
      read(['outbox', 'refused'], async (tx) => {
        const { created, confirmed, discarded } = (await tx.get('self', SELF)) as SelfRow
        const pending = pendingOf(await tx.list('outbox')).length
        return { created, confirmed, discarded, pending, refused: (await tx.list('refused')).length }
      }),
    confirmed,
    async lead() {
      // Until then a step under the number before may still be on its way.
      const taken = unit('relaxed', async (unit) => {
        const lead = ((await unit.self()).lead ?? 0) + 1
        await unit.setSelf({ lead })
        return lead
      })
      // Where it cannot be saved, nothing is compared.
      leadNumber = await taken.catch(() => undefined)
      return taken
    },
    erase: (discard) =>
      unit('strict', async (unit) => {
        const pending = pendingOf(await unit.outbox()).length
        const refused = (await unit.tx.list('refused')).length
        if (!discard && pending + refused > 0)
          throw new ForbiddenError(`${pending} pending and ${refused} refused exist only here: discardPending deletes them`)
        for (const table of tables) unit.removeRange(table, {})
        return { pending, refused }
      }),
    async standings(spaces) {
      const rows = await copyRows(spaces)
      return new Map(spaces.map((space, at) => [space, standingOf(rows[at])]))
    },
    async apply(range: Range) {
      if (range.acked) remember(known, range.space, { acked: range.acked, head: range.head })
      // What was done in a history that is gone says nothing of the one that comes.
      else if (range.reset === 'history') known.delete(range.space)
      mayTell ||= range.reset === 'history'
      const applied = await unit('relaxed', async (unit) => {
        // What this build would pass over, a newer one that has begun its copies anew would never see.
        if ((await unit.self()).tables.some((table) => !tables.includes(table))) throw outdated()
        for (const page of awaited) page.hear(range)
        return applyRange(unit, stage, range, known.get(range.space))
      })
      if (applied.verdict !== 'repeat') scheduleSweep()
      return applied
    },
    known(acked: Acked, heads: Heads) {
      for (const [space, head] of Object.entries(heads)) remember(known, space, { acked, head })
    },
    async drop(space) {
      known.delete(space)
      await unit('relaxed', (unit) => dropCopy(unit, stage, space))
      scheduleSweep()
    },
    async takeOlder(space, collection, server) {
      // In one transaction, so that no range comes in between.
      const page = await storage.read(['copies'], async (tx) => {
        const page = awaitPage((await tx.get('copies', space)) as CopyRow | undefined, collection)
        awaited.add(page)
        return page
      })
      try {
        if (page.before === 0) return { added: 0, floor: ZERO }
        const answer = await server.page(page.before)
        const at = { version: answer.head, seal: answer.seal }
        const take = (isHeld: boolean) => unit('relaxed', (unit) => page.take(unit, stage, answer, isHeld))
        let taken = await take(false)
        if (taken === 'ahead') {
          await within(clock, HEAD_WITHIN_MS, page.reaches(at.version), () => new Error('no range')).catch(() => {})
          taken = await take(false)
        }
        if (taken === 'unproven' && (await server.holds(at))) taken = await take(true)
        return typeof taken === 'string' ? undefined : taken
      } finally {
        awaited.delete(page)
      }
    },
    async asker() {
      const { after, settled } = await read(['outbox'], async (tx) => {
        const self = present(await tx.get('self', SELF))
        mustLead(self)
        const identity = identities(self).at(-1) as Identity
        clientId = identity.client
        const [first] = await firstPending(tx, identity)
        return { after: identity.after, settled: (first?.n ?? identity.upTo + 1) - 1 }
      })
      return { client: clientId, settled: settled - after }
    },
    welcomed: (asker, acked) =>
      unit('strict', async (unit) => {
        mustLead(await unit.self())
        const spaces = (await compare(unit, asker, acked, newClientId(random))).flatMap(({ touched }) => touched)
        if (spaces.length > 0) await replay(unit, stage, spaces)
        clientId = (await unit.self()).client
      }),
    batch: (bounds) =>
      read(['outbox', 'tail'], async (tx) => {
        mustLead(present(await tx.get('self', SELF)))
        return nextBatch(tx, bounds)
      }),
    settle: (acks, answer) =>
      unit('strict', async (unit) => {
        mustLead(await unit.self())
        const versions = await settle(unit, stage, acks, settledMs(), answer)
        const self = await unit.self()
        clientId = self.client
        mayTell ||= self.untold !== undefined
        return versions
      }),
    async healed() {
      if (!mayTell) return undefined
      return read(['outbox'], async (tx) => {
        const { untold, doubts, epoch, client } = present(await tx.get('self', SELF))
        clientId = client
        mayTell = untold !== undefined
        if (!untold) return undefined
        // Not while it is still under way: what else is found belongs to it.
        if (doubts.length > 0 || (await tx.list('outbox')).some((row) => !row.in && row.again !== undefined)) return undefined
        return { ...untold, epoch }
      })
    },
    told: ({ epoch }) =>
      unit('relaxed', async (unit) => {
        if ((await unit.self()).epoch === epoch) await unit.setSelf({ untold: undefined })
      }),
    onAppended: onOutbox,
    async copies(spaces) {
      const rows = await copyRows(spaces)
      return new Map(
        rows.flatMap((row) =>
          row ? [[row.space, { version: row.version, seal: row.seal, head: row.head, partial: !isWhole(row), floors: row.floors }]] : [],
        ),
      )
    },
    ...shown,
    setClockOffset(ms) {
      offsetMs = ms
      const sinceMs = clock.nowMs() + ms - clock.monotonicMs()
      settledMs = () => sinceMs + clock.monotonicMs()
    },
    onChange: (listener) => storage.onChange(listener),
    async close() {
      cancelSweep()
      await storage.close()
    },
  }
}

function remember(known: Map<SpaceId, Known>, space: SpaceId, fact: Known): void {
  known.delete(space)
  known.set(space, fact)
  if (known.size > KNOWN_SPACES_MAX) known.delete(known.keys().next().value as SpaceId)
}
