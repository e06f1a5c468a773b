/** How long a key is known at least, in ms: a caller who repeats what it sent within this time does nothing twice. */
export const KEYED_KEPT_MS: number = 7 * 24 * 3600 * 1000
/** Keys of one tenant that are kept at most, some 2 GB. A further one is refused: to forget a younger one would repeat what it stands for. */
export const KEYED_RECORDS_MAX = 10_000_000
/** Old keys that a new one takes out: more than one, so that what is too long shrinks. */
export const KEYED_PRUNED_AT_ONCE = 2
