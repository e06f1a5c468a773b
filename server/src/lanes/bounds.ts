// Every bound of the lanes that the protocol and a lane's definition do not state.

/** Bytes of what is in one tick, as JSON: what is past it is sampled away. Half of what a frame may have. */
export const TICK_BYTES_MAX = 1_048_576
/** Bytes of one item as JSON. */
export const ITEM_BYTES_MAX = 65_536
/** Announcements of one tick: they are never sampled away, so that more of them are refused. */
export const ANNOUNCEMENTS_MAX = 100
/** Ticks of one lane that wait to be stored; past it the lane takes nothing. */
export const UNMERGED_TICKS_MAX = 60

/** Says of all lanes that wait for the store. */
export const SAYS_WAITING_MAX = 10_000
/** Says, and ticks, of one transaction of the store: few enough that the event loop is not held up. */
export const GROUP_SAYS_MAX = 500
export const GROUP_TICKS_MAX = 50
/** A say that is not stored by then is `unavailable`, in ms. The same for a read. */
export const STORED_WITHIN_MS = 5000
/** From one attempt to open the store, or to store a tick, to the next, in ms. */
export const STORE_RETRY_MS = 1000

/** Lanes in memory, and characters of their rings: of those that have nothing to merge the one used longest ago goes first. */
export const LANES_MAX = 10_000
export const RINGS_CHARACTERS_MAX = 67_108_864
/** Answers of one lane that are kept until its ring is another: for who comes late, and for who is a tick or two behind. */
export const RING_ANSWERS_MAX = 4
/** Pages of archives in memory, and their characters. */
export const PAGES_MAX = 1000
export const PAGES_CHARACTERS_MAX = 33_554_432
/** Characters of one page; what would be past it is left out. */
export const PAGE_CHARACTERS_MAX = 16_777_216

/** Ids that are known of a lane that keeps nothing: of the newest that it passed on. */
export const PASSED_IDS_MAX = 200

/** How long an id that was taken is known, in ms, counted from the start of the server at the earliest; and how many of them. */
export const ITEM_IDS_MS = 600_000
export const ITEM_IDS_MAX = 500_000
/** Ids, or ticks of a lane, that one step forgets; each id that is taken forgets two at most. */
export const FORGET_STEP_MAX = 200
/** From one round over all archives to the next, in ms. */
export const FORGET_EVERY_MS = 60_000
/** Lanes of one step of such a round, and of the work of a start. */
export const LANES_STEP = 100
