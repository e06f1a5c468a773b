import {
  BadRequestError,
  EMPTY_SEAL,
  InternalError,
  isSpaceId,
  type ResetReason,
  type Seal,
  type SpaceId,
  seal as sealSchema,
  type Version,
} from '@tidemark/shared'
import * as v from 'valibot'
import type { Head, ReadTransaction } from '../changelog/changelog.ts'
import type { BackendMetrics } from '../observe/metrics.ts'
import type { Ask, EncodedRange, RangeBounds, Window } from './backend.ts'
import { compactedSteps } from './compacted-steps.ts'
import { type Floors, floorsOf, toldFloors } from './floors.ts'
import { type Answer, beginning, judgeAsk } from './judge-ask.ts'
import { logSteps } from './log-steps.ts'
import { RunLostError } from './out-of-sight.ts'
import { gatherPage, withinPage } from './page.ts'
import type { View } from './view.ts'
import { plainSeal, runSeal } from './wire-seal.ts'

/** Throws BadRequestError for what no copy can state. */
export function assertAsk(space: SpaceId, { version, seal }: Ask): void {
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  if (!Number.isSafeInteger(version) || version < 0) throw new BadRequestError('since: not a version')
  if (!v.is(sealSchema, seal)) throw new BadRequestError('seal: not a seal')
  if (version > 0 && seal === '') throw new BadRequestError('seal: required where since is not 0')
}

export interface RangeQuestion {
  readonly space: SpaceId
  readonly ask: Ask
  readonly view: View
  readonly bounds: RangeBounds
  readonly window: Window
}

/** What was read for an answer. */
interface Read {
  readonly to: Version
  readonly seal: Seal
  readonly changes: readonly string[]
  /** What the reader is told of what was left out. */
  readonly floors: Floors
}

/** The range that a copy lacks: a stretch of the log or a compacted page, with a reset where its number no longer holds [N1]. */
export async function readRange(
  tx: ReadTransaction,
  { space, ask, view, bounds, window }: RangeQuestion,
  metrics: BackendMetrics | undefined,
): Promise<EncodedRange> {
  const within = withinPage(bounds)
  const head = await tx.head(space)
  let answer = await judgeAsk(tx, space, head, ask, view, window)
  let read: Read
  try {
    read = await readAnswer(tx, space, head, answer, view, within)
  } catch (error) {
    if (!(error instanceof RunLostError) || answer.form === 'log') throw error
    answer = await beginning(tx, space, head, 'horizon', view, answer.run.isCut)
    read = await readAnswer(tx, space, head, answer, view, within)
  }
  const range = encode(space, ask, head, answer, read)
  metrics?.range(read.changes.length === 0 ? 'empty' : answer.form, read.changes.length, Buffer.byteLength(range.text))
  if (answer.reset !== undefined) metrics?.reset(answer.reset)
  return range
}

async function readAnswer(tx: ReadTransaction, space: SpaceId, head: Head, answer: Answer, view: View, bounds: RangeBounds): Promise<Read> {
  const isFiltered = view.shows !== undefined
  if (answer.form === 'log') {
    const seals = new Map<Version, Seal>([[head.version, head.seal]])
    const { to, changes } = await gatherPage(logSteps(tx, space, view, seals), answer.from, head.version, bounds, isFiltered)
    const seal = seals.get(to)
    if (seal === undefined) throw new InternalError('A page of the log leads to a version without a seal.')
    return { to, seal: plainSeal({ version: to, seal }, view.tag), changes, floors: new Map() }
  }
  const { run } = answer
  const floors: Floors = run.from === 0 && run.isCut ? await floorsOf(tx, space, view, run.began) : new Map()
  const steps = compactedSteps(tx, space, view, run, floors)
  const { to, changes } = await gatherPage(steps, answer.from, head.version, bounds, isFiltered)
  const seal = to === head.version ? plainSeal(head, view.tag) : runSeal(head, view.tag, run)
  return { to, seal, changes, floors: toldFloors(floors, view) }
}

function encode(space: SpaceId, ask: Ask, head: Head, { form, from, reset }: Answer, { to, seal, changes, floors }: Read): EncodedRange {
  const on = ask.seal === '' ? EMPTY_SEAL : ask.seal
  const flags = [
    reset === undefined ? '' : `,"reset":${JSON.stringify(reset satisfies ResetReason)}`,
    form === 'compacted' ? ',"compacted":true' : '',
    floors.size === 0 ? '' : `,"floors":${JSON.stringify(Object.fromEntries(floors))}`,
  ].join('')
  const ends = `"from":${from},"on":${JSON.stringify(on)},"to":${to},"seal":${JSON.stringify(seal)},"head":${head.version}`
  const text = `{"space":${JSON.stringify(space)},${ends},"changes":[${changes.join(',')}]${flags}}`
  return { from, on, to, seal, head: head.version, reset: reset !== undefined, text }
}
