import { CHECK_WITHIN_MS, HELD_MAX, HELD_PER_USER_MAX, SAY_BYTES_MAX, WORDS_MAX } from '../moderation/bounds.ts'
import { type ModerationOptions, SAY_PACES } from '../moderation/create-moderation.ts'

/** What bounds who says something, as names that bear their units: at what pace in one lane and over all of them, and what is taken. */
export function limitsOfSays({
  paces,
  checkWithinMs = CHECK_WITHIN_MS,
}: Pick<ModerationOptions, 'paces' | 'checkWithinMs'> = {}): Readonly<Record<string, number>> {
  const named = Object.entries({ ...SAY_PACES, ...paces }).flatMap(([of, { perS, burst }]) => [
    [`${of}PerS`, perS],
    [`${of}Burst`, burst],
  ])
  return {
    ...Object.fromEntries(named),
    bytesMax: SAY_BYTES_MAX,
    heldMax: HELD_MAX,
    heldPerUserMax: HELD_PER_USER_MAX,
    wordsMax: WORDS_MAX,
    checkWithinMs,
  }
}
