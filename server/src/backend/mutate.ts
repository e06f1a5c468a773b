import {
  ClientConflictError,
  conform,
  kindOf,
  type MutationBatch,
  mutationBatch,
  type Numbered,
  OutOfOrderError,
  type SpaceId,
  type SyncError,
  toWire,
  UnavailableError,
  type Version,
} from '@tidemark/shared'
import type { BackendMetrics } from '../observe/metrics.ts'
import { refusedOf } from '../observe/refused-of.ts'
import type { Access, AskAccess } from './access.ts'
import { asSyncError } from './as-sync-error.ts'
import type { Principal } from './backend.ts'
import { QUEUE_BYTES_MAX, QUEUE_FULL_AFTER_MS, QUEUE_MUTATIONS_MAX } from './bounds.ts'
import type { CommitQueue } from './commit-queue.ts'
import { type BatchPart, runBatch } from './run-batch.ts'
import type { MutationWorld } from './run-mutation.ts'
import { Turns } from './turns.ts'

/** The answer of §6 as JSON text without the outer braces, and where its acks lead. */
export interface MutateAnswer {
  readonly text: string
  readonly touched: ReadonlyMap<SpaceId, Version>
}

export interface MutateOptions {
  readonly world: MutationWorld
  readonly queue: CommitQueue
  readonly ask: AskAccess
  readonly hasKind: (kind: string) => boolean
  readonly metrics: BackendMetrics | undefined
}

/** Takes batches in, within the bounds of what may wait, one at a time for each client id. */
export class Mutate {
  readonly #options: MutateOptions
  readonly #turns = new Turns()
  #mutations = 0
  #bytes = 0

  constructor(options: MutateOptions) {
    this.#options = options
  }

  /** Throws BadRequestError for what is no batch, and UnavailableError with `afterMs` when too much waits: no mutation was looked at. */
  async run(principal: Principal, input: MutationBatch): Promise<MutateAnswer> {
    const batch = conform(mutationBatch, input)
    if (batch.mutations.length === 0) return { text: '"acks":[]', touched: new Map() }
    const bytes = Buffer.byteLength(JSON.stringify(batch.mutations))
    const isFull = this.#mutations + batch.mutations.length > QUEUE_MUTATIONS_MAX || this.#bytes + bytes > QUEUE_BYTES_MAX
    if (isFull) throw new UnavailableError('Too many mutations wait. Try again a little later.', { afterMs: QUEUE_FULL_AFTER_MS })
    this.#mutations += batch.mutations.length
    this.#bytes += bytes
    try {
      return await this.#turns.take(`${principal.tenant}/${batch.client}`, () => this.#runBatch(principal, batch))
    } finally {
      this.#mutations -= batch.mutations.length
      this.#bytes -= bytes
    }
  }

  async #runBatch(principal: Principal, { client, on: batchOn, mutations }: MutationBatch): Promise<MutateAnswer> {
    const { queue, metrics, world } = this.#options
    const acks: string[] = []
    const touched = new Map<SpaceId, Version>()
    let stopped: SyncError | undefined
    while (acks.length < mutations.length && stopped === undefined) {
      const items = mutations.slice(acks.length)
      const on = acks.length === 0 ? batchOn : (mutations[acks.length - 1]?.nonce ?? '')
      const access = await this.#access(principal, items)
      let part: BatchPart
      try {
        const job = { principal, client, on, items, access: (space: SpaceId) => access.get(space) }
        part = await queue.run({
          tenant: principal.tenant,
          source: 'client',
          size: items.length,
          run: (tx, time) => runBatch(world, tx, job, time),
        })
      } catch (error) {
        stopped = asSyncError(error)
        break
      }
      // The changelog was set back between two transactions of one answer, which tells of one history: whoever is told nothing sends again.
      if (part.acks.length === 0 && contradicts(part.stopped, mutations[acks.length - 1])) {
        const because = new UnavailableError('The server was set back meanwhile. Send this again.')
        return { text: answerText([], because, mutations[0]), touched: new Map() }
      }
      acks.push(...part.acks)
      for (const [space, version] of part.touched) touched.set(space, version)
      for (const { item, error } of part.refusals) metrics?.refused(error.code, refusedOf(principal, client, item, error))
      stopped = part.stopped
    }
    if (stopped !== undefined) metrics?.stopped(stopped.code)
    return { text: answerText(acks, stopped, mutations[acks.length]), touched }
  }

  /** Rules are asked before the write transaction: whoever holds that waits for nobody. */
  async #access(principal: Principal, items: readonly Numbered[]): Promise<ReadonlyMap<SpaceId, Access | SyncError>> {
    const { ask, hasKind } = this.#options
    const spaces = new Set<SpaceId>()
    for (const { space } of items) if (typeof space === 'string' && hasKind(kindOf(space))) spaces.add(space)
    const answers = await Promise.all(
      [...spaces].map(async (space): Promise<[SpaceId, Access | SyncError]> => {
        try {
          return [space, await ask(principal, space)]
        } catch (error) {
          return [space, asSyncError(error)]
        }
      }),
    )
    return new Map(answers)
  }
}

/** Whether what stopped a batch says that `before`, which an earlier transaction of it recorded, is not there. */
function contradicts(stopped: SyncError | undefined, before: Numbered | undefined): boolean {
  if (before === undefined) return false
  return stopped instanceof ClientConflictError || (stopped instanceof OutOfOrderError && (stopped.expected ?? 0) <= before.n)
}

function answerText(acks: readonly string[], stopped: SyncError | undefined, at: Numbered | undefined): string {
  const error = stopped === undefined ? '' : `,"error":${JSON.stringify({ ...toWire(stopped), n: at?.n })}`
  return `"acks":[${acks.join(',')}]${error}`
}
