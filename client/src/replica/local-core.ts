import { ForbiddenError, InvalidError, newClientId, newNonce, toJsonObject } from '@tidemark/shared'
import { confirmations, type Enqueued } from './confirmations.ts'
import { copyState } from './copy-state.ts'
import { dismiss, enqueue, type Made, openCopy } from './enqueue.ts'
import { makeRoom } from './make-room.ts'
import { type Stage, UnitFailedError } from './replay.ts'
import type { LocalCore, Memo, ReplicaPorts } from './replica-core.ts'
import { allTables, type CopyRow, FORMAT, isDismissed, type OutboxRow, pendingOf, type RefusedRow, SELF, type SelfRow } from './rows.ts'
import { beginForNewTables } from './schema.ts'
import { shownCopies } from './shown-copies.ts'
import type { ReplicaStorage, StorageRead } from './storage.ts'
import { outdated, StorageError } from './storage-error.ts'
import { openUnit, present, type Unit } from './unit.ts'
import { withdraw } from './withdraw.ts'

/** Opens the replica in `storage`; a new one gets its client id. */
export async function createLocalCore({
  app,
  storage,
  clock,
  random,
  user,
  isHeld = () => true,
}: Omit<ReplicaPorts, 'deposed'>): Promise<LocalCore> {
  let tables = allTables(app)
  const stage: Stage = { app, user, muted: new Set() }
  const shown = await shownCopies(storage, clock)
  const onOutbox = (listener: () => void) => storage.onChange((changed) => void (changed.includes('outbox') && listener()))
  let offsetMs = 0
  /** The server's clock, whatever becomes of this device's: what is settled now is kept for so long [M6]. */
  let settledMs = () => clock.nowMs()
  let closing = () => {}

  let opened: SelfRow | undefined
  const read: ReplicaStorage['read'] = (tables, work) =>
    storage.read(['self', ...tables], async (tx) => {
      // A storage that was cleared has nothing pending, and lost it.
      present(await tx.get('self', SELF), opened)
      return work(tx)
    })
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
  const pending = async (tx: StorageRead) =>
    ((await tx.list('outbox')) as readonly OutboxRow[]).filter((row) => isDismissed(row) || !(row.in || row.void))
  const list = (table: string) => storage.read([table], (tx) => tx.list(table))

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
  const memo: Memo = { clientId: self.client, mayTell: true }
  // Whoever leads heals for all tabs.
  storage.onChange((changed, own) => {
    memo.mayTell ||= !own && changed.includes('self')
  })
  // With those of other builds: what they left is swept, too.
  tables = [...new Set([...tables, ...self.tables])]

  return {
    get clientId() {
      return memo.clientId
    },
    inside: { clock, random, storage, stage, tables, memo, read, unit, settledMs: () => settledMs(), onClose: (end) => (closing = end) },
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
    pending: () => read(['outbox'], pending),
    unsettled: () =>
      read(['outbox', 'refused'], async (tx) => ({
        pending: await pending(tx),
        refused: (await tx.list('refused')) as readonly RefusedRow[],
      })),
    audit: () =>
      read(['outbox', 'refused'], async (tx) => {
        const { created, confirmed, discarded } = (await tx.get('self', SELF)) as SelfRow
        const pending = pendingOf(await tx.list('outbox')).length
        return { created, confirmed, discarded, pending, refused: (await tx.list('refused')).length }
      }),
    confirmed,
    erase: (discard) =>
      unit('strict', async (unit) => {
        const pending = pendingOf(await unit.outbox()).length
        const refused = (await unit.tx.list('refused')).length
        if (!discard && pending + refused > 0)
          throw new ForbiddenError(`${pending} pending and ${refused} refused exist only here: discardPending deletes them`)
        for (const table of tables) unit.removeRange(table, {})
        return { pending, refused }
      }),
    async healed() {
      if (!memo.mayTell) return undefined
      return read(['outbox'], async (tx) => {
        const { untold, doubts, epoch, client } = present(await tx.get('self', SELF))
        memo.clientId = client
        memo.mayTell = untold !== undefined
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
      const rows = (await storage.read(['copies'], (tx) => tx.getMany('copies', spaces))) as readonly (CopyRow | undefined)[]
      return new Map(rows.flatMap((row) => (row ? [[row.space, copyState(row)]] : [])))
    },
    ...shown,
    setClockOffset(ms) {
      offsetMs = ms
      const sinceMs = clock.nowMs() + ms - clock.monotonicMs()
      settledMs = () => sinceMs + clock.monotonicMs()
    },
    onChange: (listener) => storage.onChange(listener),
    async close() {
      closing()
      shown.close()
      await storage.close()
    },
  }
}
