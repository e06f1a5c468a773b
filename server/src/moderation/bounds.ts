/** Bytes of the body of one say, as JSON: what the filter reads of it is no longer. */
export const SAY_BYTES_MAX = 4096

/** Users and lanes whose pace is remembered; who is forgotten may say as much as somebody new. */
export const PACES_MAX = 100_000

/** Items that wait for a person, of one tenant; what would be one more is refused. */
export const HELD_MAX = 10_000
/** The same of one user, so that nobody fills the queue of all. */
export const HELD_PER_USER_MAX = 20
/** What its speaker is told to wait, in ms. */
export const HELD_FULL_AFTER_MS = 60_000

/** Words of one tenant, and UTF-16 units of all of them, that the filter looks for; what is listed beyond is not. */
export const WORDS_MAX = 50_000
export const WORDS_UNITS_MAX = 1_000_000
/** Rest between two steps of a build, in ms. */
export const BUILD_PAUSE_MS = 1

/** What the app's content check has, in ms, unless it says otherwise; and how many are asked at once. */
export const CHECK_WITHIN_MS = 500
export const CHECKS_AT_ONCE_MAX = 1000
/** Between two lines of the log about a check that does not answer, in ms. */
export const CHECK_LOG_EVERY_MS = 60_000

/** How long a lost hint costs: the space is looked at again after so long, in ms. */
export const REREAD_MS = 5000
/** Tenants whose acts are known; the one known longest goes first, and is read again when it is needed. */
export const DESKS_MAX = 1000
/** A tenant whose lanes nobody used for so long, in ms, is forgotten until somebody does. */
export const DESK_IDLE_MS = 600_000
/** Documents, and bytes of them, that are read at a time. */
export const READ_DOCUMENTS = 1000
export const READ_BYTES = 1_048_576
/** An item on its way that its lane did not take is tried again after so long, in ms. */
export const OUTGOING_RETRY_MS = 1000
