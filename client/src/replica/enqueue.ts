import { type JsonObject, NotFoundError, type SpaceId, TooLargeError } from '@tidemark/shared'
import { beginAnew } from './begin-anew.ts'
import { replay, runOn, type Slots, type Stage, showTop } from './replay.ts'
import type { OutboxRow } from './rows.ts'
import type { Unit } from './unit.ts'

/** Mutations that are pending or refused on one device; what would make more is not accepted. */
export const UNSETTLED_MUTATIONS_MAX = 10_000

export interface Made {
  readonly nonce: string
  readonly space: SpaceId
  readonly name: string
  readonly args: JsonObject
  readonly madeMs: number
  /** The refused mutation whose place it takes. */
  readonly retryOf?: number | undefined
}

/** Begins a copy of a space that was never synchronised; what was pending for it shows there from now on. */
export async function openCopy(unit: Unit, stage: Stage, space: SpaceId): Promise<void> {
  if (await unit.copy(space)) return
  await beginAnew(unit, space)
  await replay(unit, stage, [space])
}

/**
 * Runs a mutation on what is shown, and puts it at the end of the outbox. Returns its number; undefined, with nothing done, where
 * there is no copy of its space on which it could be shown: `openCopy` makes one, in a unit before. Throws what the mutator
 * throws, and TooLargeError where the outbox is full; then nothing is written.
 */
export async function enqueue(unit: Unit, stage: Stage, { retryOf, ...made }: Made): Promise<number | undefined> {
  const self = await unit.self()
  if (retryOf) {
    if (!(await unit.tx.get('refused', retryOf))) throw new NotFoundError(`mutation ${retryOf} is not among the refused any more`)
  } else if (self.created - self.confirmed - self.discarded >= UNSETTLED_MUTATIONS_MAX)
    throw new TooLargeError(`${UNSETTLED_MUTATIONS_MAX} mutations wait or were refused: let them be sent, or dismiss the refused`)
  if (!(await unit.copy(made.space))) return undefined

  const n = self.n + 1
  const under: Slots = new Map()
  const top: Slots = new Map()
  const row: OutboxRow = { n, ...made, touched: [made.space], arrived: [] }
  const touched = await runOn(unit, stage, row, under, top)
  await showTop(unit, under, top)
  unit.set('outbox', n, { ...row, touched: [...touched] })
  if (retryOf) unit.set('refused', retryOf)
  // A retry is the same text again: what was created stays one.
  await unit.setSelf({ n, created: self.created + (retryOf ? 0 : 1) })
  return n
}

/** The app lets a refused mutation go. Nothing happens when it is not there any more. */
export async function dismiss(unit: Unit, n: number): Promise<void> {
  if (!(await unit.tx.get('refused', n))) return
  unit.set('refused', n)
  await unit.setSelf({ discarded: (await unit.self()).discarded + 1 })
}
