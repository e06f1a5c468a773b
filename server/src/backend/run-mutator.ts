import {
  type Clock,
  type Random,
  type SpaceId,
  type SyncError,
  type Transaction,
  type TransactionBase,
  UnavailableError,
  within,
} from '@tidemark/shared'
import { AppTransaction } from './app-transaction.ts'
import { MUTATOR_WITHIN_MS } from './bounds.ts'
import type { MutationDraft } from './mutation-draft.ts'

/** Something that could not be run, as no fault of its own. */
export class NotRun extends Error {
  readonly because: SyncError

  constructor(because: SyncError) {
    super(because.message)
    this.because = because
  }
}

/** What app code has besides its draft. */
export interface MutatorWorld {
  readonly clock: Clock
  readonly random: Random
}

/** Runs app code on a draft. Where it throws, or takes too long (NotRun), nothing of the draft may be kept. */
export async function runMutator(
  { clock, random }: MutatorWorld,
  draft: MutationDraft,
  space: SpaceId,
  by: Pick<TransactionBase, 'user' | 'isAdmin'>,
  run: (tx: Transaction) => unknown,
): Promise<void> {
  const { user, isAdmin } = by
  const app = new AppTransaction(draft, space, { user, isAdmin, nowMs: clock.nowMs(), random: () => random.unit() })
  const work = async (): Promise<void> => {
    await run(app.tx)
    await app.settled()
  }
  const late = (): Error => new NotRun(new UnavailableError(`The mutator did not end within ${MUTATOR_WITHIN_MS} ms.`))
  try {
    await within(clock, MUTATOR_WITHIN_MS, work(), late)
  } finally {
    // What the mutator left running comes to its end here, and writes nowhere, before the transaction goes on to another one.
    app.close()
    await app.quiet()
  }
}
