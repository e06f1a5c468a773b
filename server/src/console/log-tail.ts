import { type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { View } from '../backend/view.ts'
import type { LoggedChange, LoggedCommit, ReadTransaction } from '../changelog/changelog.ts'
import type { ConsoleChange, ConsoleLog } from './answers.ts'

/** Commits of a tail; fewer, where so many are more than one read may bring. */
export const TAIL_COMMITS = 50
const TAIL_SPANS = [TAIL_COMMITS, 10, 1]
const TAIL_READ_CHANGES_MAX = 1000
const TAIL_READ_BYTES_MAX = 1_048_576
/** Changes of one commit that are listed, and characters of one that are shown. */
export const TAIL_CHANGES_MAX = 20
export const TAIL_CHARACTERS_MAX = 2000

/**
 * The last commits of a space, the newest first. `view`: what the caller may read of it; undefined where that is nothing, and then what is in
 * the commits stays out, ids too.
 */
export async function logTail(tx: ReadTransaction, space: SpaceId, view: View | undefined): Promise<ConsoleLog> {
  const { version, seal } = await tx.head(space)
  const logStart = await tx.logStart(space)
  const commits = await lastCommits(tx, space, logStart, version)
  return {
    space,
    version,
    seal,
    logStart,
    horizon: await tx.horizon(space),
    readable: view !== undefined,
    commits: commits.toReversed().map(({ version, seal, origin, changes }) => ({
      version,
      seal,
      byMutation: origin !== undefined,
      changes: changes.slice(0, TAIL_CHANGES_MAX).map((change) => shown(change, view)),
      more: Math.max(0, changes.length - TAIL_CHANGES_MAX),
    })),
  }
}

async function lastCommits(tx: ReadTransaction, space: SpaceId, logStart: Version, head: Version): Promise<readonly LoggedCommit[]> {
  for (const span of TAIL_SPANS) {
    const from = toVersion(Math.max(logStart, head - span))
    if (from >= head) return []
    const bounds = { changesMax: TAIL_READ_CHANGES_MAX, bytesMax: TAIL_READ_BYTES_MAX, commitsMax: span }
    const commits = await tx.log(space, from, bounds)
    if (commits.at(-1)?.version === head) return commits
  }
  return []
}

function shown({ collection, creator, text }: LoggedChange, view: View | undefined): ConsoleChange {
  const { v: _v, c: _c, o: _o, b: _b, id, ...written } = JSON.parse(text) as { readonly id: string } & Readonly<Record<string, unknown>>
  const does = 'put' in written ? 'put' : 'set' in written ? 'set' : 'del'
  const told = { collection, does, characters: text.length } as const
  const isSeen = view !== undefined && (view.shows === undefined || view.shows(collection, creator))
  if (!isSeen) return told
  return { ...told, id, ...(does !== 'del' && text.length <= TAIL_CHARACTERS_MAX && { text: JSON.stringify(written) }) }
}
