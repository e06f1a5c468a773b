import { type ResetReason, type SpaceId, type Version, ZERO } from '@tidemark/shared'
import type { Head, ReadTransaction } from '../changelog/changelog.ts'
import type { Ask, Window } from './backend.ts'
import { LOG_SPAN_COMMITS_MAX, LOG_SPAN_FILTERED_COMMITS_MAX } from './bounds.ts'
import { floorsOf, toldFloors } from './floors.ts'
import type { View } from './view.ts'
import { type Run, readSeal, type StatedSeal } from './wire-seal.ts'

/** How an ask is answered: from where, and in which form. */
export type Answer =
  | { readonly form: 'log'; readonly from: Version; readonly reset: ResetReason | undefined }
  | { readonly form: 'compacted'; readonly from: Version; readonly reset: ResetReason | undefined; readonly run: RunStart }

export type RunStart = Omit<Run, 'lastHead'>

/**
 * Decides what an ask is owed, in the transaction that reads the answer. The resets come in the order of [N1]: history, rights,
 * horizon. At version 0 none applies, whatever the seal. Inside a run the head of its last page stands for the version, and what
 * the run may still need of the deletions [C2] for the horizon. A run stays as its first request wanted it, also where it begins again.
 */
export async function judgeAsk(tx: ReadTransaction, space: SpaceId, head: Head, ask: Ask, view: View, window: Window): Promise<Answer> {
  const { version } = ask
  const stated = version === 0 ? undefined : readSeal(ask.seal)
  const run = stated?.run
  const isCut = window !== 'all' && run?.isCut !== false
  const begin = (reset: ResetReason | undefined): Promise<Answer> => beginning(tx, space, head, reset, view, isCut)
  if (version === 0) return begin(undefined)
  const at = run?.lastHead ?? version
  const horizon = await tx.horizon(space)

  if (stated === undefined || at > head.version || version > at) return begin('history')
  if (!(await isOurs(tx, space, stated, at, horizon))) return begin('history')
  if (stated.tag !== view.tag) return begin('rights')

  if (run !== undefined) {
    // A copy that began empty holds only what pages of this run brought, all of it alive when the run began; any other copy may
    // hold whatever lived at its version.
    const deletionsNeededFrom = run.from === 0 ? Math.max(run.began, version) : version
    if (horizon > deletionsNeededFrom || run.from > version) return begin('horizon')
    if (view.shows !== undefined && run.from > 0) return begin('horizon')
    return { form: 'compacted', from: version, reset: undefined, run }
  }

  if (version < horizon) return begin('horizon')
  const span = head.version - version
  const spanMax = view.shows === undefined ? LOG_SPAN_COMMITS_MAX : LOG_SPAN_FILTERED_COMMITS_MAX
  if (span <= spanMax && version >= (await tx.logStart(space))) return { form: 'log', from: version, reset: undefined }
  // A compacted answer cannot know what left this reader's sight, so their copy begins anew [C4].
  if (view.shows !== undefined) return begin('horizon')
  return { form: 'compacted', from: version, reset: undefined, run: { from: version, began: head.version, isCut } }
}

/** The answer for a copy that holds nothing, or whose number no longer holds. */
export async function beginning(
  tx: ReadTransaction,
  space: SpaceId,
  head: Head,
  reset: ResetReason | undefined,
  view: View,
  isCut: boolean,
): Promise<Answer> {
  const run = { from: ZERO, began: head.version, isCut }
  const isShort = head.version <= LOG_SPAN_COMMITS_MAX && (await tx.logStart(space)) === 0
  // A log cannot leave anything out.
  if (isShort && !(isCut && toldFloors(await floorsOf(tx, space, view, head.version), view).size > 0))
    return { form: 'log', from: ZERO, reset }
  return { form: 'compacted', from: ZERO, reset, run }
}

/** Whether the digits are those that this history has at `at`. Before the horizon nobody knows any more, and the horizon decides. */
async function isOurs(tx: ReadTransaction, space: SpaceId, stated: StatedSeal, at: Version, horizon: Version): Promise<boolean> {
  const seal = await tx.sealAt(space, at)
  return seal === undefined ? at < horizon : seal === stated.digits
}
