import { KEEP_DELETIONS_MS } from '../backend/bounds.ts'
import type { RetentionOptions } from '../backend/retention.ts'
import { SettingsError } from './settings-error.ts'
import type { Settings } from './settings-table.ts'

const DAY_MS = 24 * 3_600_000

/** How long the settings keep what is past. Throws SettingsError where deletions would be forgotten before the log. */
export function retentionIn({ keepLogDays, keepLogCommits, keepDeletionsDays }: Settings): RetentionOptions {
  const deletionsDays = keepDeletionsDays ?? KEEP_DELETIONS_MS / DAY_MS
  if (keepLogDays !== undefined && keepLogDays > deletionsDays)
    throw new SettingsError(
      `--keep-log-days ${keepLogDays}: deletions are kept for ${deletionsDays} days, and no log is longer: set --keep-deletions-days too.`,
    )
  return {
    ...(keepLogDays === undefined ? {} : { keepLogMs: keepLogDays * DAY_MS }),
    ...(keepLogCommits === undefined ? {} : { keepLogCommits }),
    ...(keepDeletionsDays === undefined ? {} : { keepDeletionsMs: keepDeletionsDays * DAY_MS }),
  }
}
