import {
  BadRequestError,
  EMPTY_SEAL,
  InternalError,
  isSpaceId,
  PAGE_BYTES_MAX,
  PAGE_CHANGES_MAX,
  type ResetReason,
  type Seal,
  type SpaceId,
  seal as sealSchema,
  type Version,
} from '@tidemark/shared'
import * as v from 'valibot'
import type { Head, ReadTransaction } from '../changelog/changelog.ts'
import type { BackendMetrics } from '../observe/metrics.ts'
import type { Ask, EncodedRange, RangeBounds } from './backend.ts'
import { compactedSteps } from './compacted-steps.ts'
import { type Answer, beginning, judgeAsk } from './judge-ask.ts'
import { logSteps } from './log-steps.ts'
import { RunLostError } from './out-of-sight.ts'
import { gatherPage } from './page.ts'
import type { View } from './view.ts'
import { plainSeal, runSeal } from './wire-seal.ts'

/** Throws BadRequestError for what no copy can state. */
export function assertAsk(space: SpaceId, { version, seal }: Ask): void {
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  if (!Number.isSafeInteger(version) || version < 0) throw new BadRequestError('since: not a version')
  if (!v.is(sealSchema, seal)) throw new BadRequestError('seal: not a seal')
  if (version > 0 && seal === '') throw new BadRequestError('seal: required where since is not 0')
}

/** The range that a copy lacks: a stretch of the log or a compacted page, with a reset where its number no longer holds [N1]. */
export async function readRange(
  tx: ReadTransaction,
  space: SpaceId,
  ask: Ask,
  view: View,
  bounds: RangeBounds,
  metrics: BackendMetrics | undefined,
): Promise<EncodedRange> {
  const within: RangeBounds = { changesMax: clamp(bounds.changesMax, PAGE_CHANGES_MAX), bytesMax: clamp(bounds.bytesMax, PAGE_BYTES_MAX) }
  const head = await tx.head(space)
  let answer = await judgeAsk(tx, space, head, ask, view)
  let read: { readonly to: Version; readonly seal: Seal; readonly changes: readonly string[] }
  try {
    read = await readAnswer(tx, space, head, answer, view, within)
  } catch (error) {
    if (!(error instanceof RunLostError)) throw error
    answer = await beginning(tx, space, head, 'horizon')
    read = await readAnswer(tx, space, head, answer, view, within)
  }
  const range = encode(space, ask, head, answer, read)
  metrics?.range(read.changes.length === 0 ? 'empty' : answer.form, read.changes.length, Buffer.byteLength(range.text))
  if (answer.reset !== undefined) metrics?.reset(answer.reset)
  return range
}

async function readAnswer(
  tx: ReadTransaction,
  space: SpaceId,
  head: Head,
  answer: Answer,
  view: View,
  bounds: RangeBounds,
): Promise<{ to: Version; seal: Seal; changes: readonly string[] }> {
  const isFiltered = view.shows !== undefined
  if (answer.form === 'log') {
    const seals = new Map<Version, Seal>([[head.version, head.seal]])
    const { to, changes } = await gatherPage(logSteps(tx, space, view, seals), answer.from, head.version, bounds, isFiltered)
    const seal = seals.get(to)
    if (seal === undefined) throw new InternalError('A page of the log leads to a version without a seal.')
    return { to, seal: plainSeal({ version: to, seal }, view.tag), changes }
  }
  const steps = compactedSteps(tx, space, view, answer.run)
  const { to, changes } = await gatherPage(steps, answer.from, head.version, bounds, isFiltered)
  return { to, seal: to === head.version ? plainSeal(head, view.tag) : runSeal(head, view.tag, answer.run), changes }
}

function encode(
  space: SpaceId,
  ask: Ask,
  head: Head,
  { form, from, reset }: Answer,
  { to, seal, changes }: { readonly to: Version; readonly seal: Seal; readonly changes: readonly string[] },
): EncodedRange {
  const on = ask.seal === '' ? EMPTY_SEAL : ask.seal
  const flags = `${reset === undefined ? '' : `,"reset":${JSON.stringify(reset satisfies ResetReason)}`}${form === 'compacted' ? ',"compacted":true' : ''}`
  const ends = `"from":${from},"on":${JSON.stringify(on)},"to":${to},"seal":${JSON.stringify(seal)},"head":${head.version}`
  const text = `{"space":${JSON.stringify(space)},${ends},"changes":[${changes.join(',')}]${flags}}`
  return { from, on, to, seal, head: head.version, reset: reset !== undefined, text }
}

function clamp(asked: number, max: number): number {
  return Number.isFinite(asked) ? Math.min(max, Math.max(1, Math.floor(asked))) : max
}
