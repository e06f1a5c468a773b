// What suspends before it was ever shown keeps nothing from one render to the next, not even what useCallback gave. So a filter made
// in its render asks another question each time it is tried again, and would be tried for ever.
import type { Clock } from '@tidemark/shared'
import { otherQuestionsError } from './use-steady.ts'

/** So many questions that differ in the function of a filter alone may suspend before one of them is shown. */
const UNSHOWN_MAX = 1_000
/** How long the error is told to whoever asks likewise, in ms: React renders once more before it believes an error. */
const FAILED_KEPT_MS = 1_000

export interface SuspendedQuestions {
  /** Of a question that is new. Throws BadRequestError where too many like it were never shown. */
  suspended(key: string): void
  shown(key: string): void
}

export function suspendedQuestions(clock: Clock, max: number = UNSHOWN_MAX): SuspendedQuestions {
  /** By what they have in common. */
  const unshown = new Map<string, { questions: number; failedAtMs: number | undefined }>()
  return {
    suspended(key) {
      const common = withoutFilters(key)
      if (common === key) return
      let like = unshown.get(common)
      if (!like || (like.failedAtMs !== undefined && clock.monotonicMs() - like.failedAtMs > FAILED_KEPT_MS)) {
        like = { questions: 0, failedAtMs: undefined }
        unshown.set(common, like)
      }
      if (++like.questions <= max) return
      like.failedAtMs ??= clock.monotonicMs()
      throw otherQuestionsError()
    },
    shown: (key) => void unshown.delete(withoutFilters(key)),
  }
}

/** The same for questions that differ in functions alone. */
function withoutFilters(key: string): string {
  return key.replace(/"filter \d+"/g, '"filter"')
}
