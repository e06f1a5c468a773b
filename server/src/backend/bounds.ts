import { COMMITS_MUTATIONS_MAX, LIMITS } from '@tidemark/shared'

// Every bound of the backend that the protocol does not state; those it states are in @tidemark/shared.

/** Commits between a copy and the head up to which a range is read from the log; past it from the documents, each once. */
export const LOG_SPAN_COMMITS_MAX = 1000
/** The same for a copy whose reader sees only a part: a compacted answer would make it begin at 0 [C4], which costs more than some log. */
export const LOG_SPAN_FILTERED_COMMITS_MAX = 10_000
/** Commits since a filtered run began that are searched for what went out of sight; past it the run begins again. */
export const RUN_SEARCH_COMMITS_MAX = 10_000
/** Bytes of hidden and shown rows that one page looks at, so that a page of nothing does not read a whole log. */
export const PAGE_SCANNED_BYTES_MAX = 8_388_608
/** Rows read at a time for a reader who sees only a part. */
export const FILTERED_CHUNK_CHANGES = 500

/** Ranges kept for who asks for the same at the same head, and their characters. */
export const RECENT_READS_MAX = 1000
export const RECENT_READS_CHARACTERS_MAX = 33_554_432

/** Spaces that one `open` or one read of `differing` looks at. */
export const OPEN_SPACES_MAX: number = LIMITS.spaces

/** A read of the changelog that has not ended by then is `unavailable`, in ms; below what a gateway waits for an answer. */
export const READ_WITHIN_MS = 15_000
/** The same for a write, from its place in the queue to the disk. What it comes to later is found in its record when it is sent again. */
export const WRITE_WITHIN_MS = 30_000
/** An access rule that has not answered by then is `internal`, in ms. */
export const ACCESS_WITHIN_MS = 2000
/** A token check that has not answered by then is `unavailable`, in ms. */
export const AUTHENTICATE_WITHIN_MS = 5000
/** A mutator that has not ended by then is stopped with `unavailable`, in ms: the changelog's only writer waits for it. */
export const MUTATOR_WITHIN_MS = 2000
/** Characters of a token; a longer one is refused unread. */
export const TOKEN_CHARACTERS_MAX = 8192
/** Tokens that need not be verified again; the one verified longest ago goes first. */
export const VERIFIED_TOKENS_MAX = 10_000
/** The clock tolerance of `jwt` where none is stated, and the widest there is, in s. */
export const CLOCK_TOLERANCE_S = 5
export const CLOCK_TOLERANCE_S_MAX = 300

/** Public keys in a set, and how many of them are tried for a token that names none. */
export const KEYS_MAX = 100
export const KEYS_TRIED_MAX = 8
/** Bytes of a key set that is fetched. */
export const KEYS_BYTES_MAX = 262_144
/** A key set that has not come by then counts as not to be had, in ms; well below AUTHENTICATE_WITHIN_MS. */
export const KEYS_WITHIN_MS = 3000
/** Age past which keys are fetched anew before they are used, in ms: so long at most counts a key that its issuer took out. */
export const KEYS_FRESH_MS = 600_000
/** Age up to which keys are used while their address does not answer, in ms: longer than most tokens live. */
export const KEYS_STALE_MS = 21_600_000
/** From one question for a key set to the next, in ms, whatever tokens come. */
export const KEYS_ASK_AGAIN_MS = 10_000

/** A mutation whose mutator threw so often, from the first to the last time over so long, in ms, is refused. Source: protocol [M7]. */
export const POISON_FAILURES = 5
export const POISON_MS = 600_000

/** Mutations that go into one write transaction of the changelog. */
export const GROUP_MUTATIONS_MAX = 500
/** How long mutations are run in one write transaction, in ms: what of them is not begun by then waits for the next one. */
export const GROUP_MS_MAX = 50
/** How long what cannot be put off until the next one runs before the event loop goes round, in ms. */
export const REST_AFTER_MS = 20
/** Items of a list times values that are to be removed from it, over all fields of a patch: each is compared with each. */
export const COMPARED_MAX = 1_000_000
/** Mutations that wait for the changelog, those that are run included. */
export const QUEUE_MUTATIONS_MAX = 10_000
/** Bytes of JSON that wait for the changelog. */
export const QUEUE_BYTES_MAX = 67_108_864
/** What a client is told to wait, in ms, when the queue is full. */
export const QUEUE_FULL_AFTER_MS = 1000

/** Commits of a backend that one call or request may bring; they go into one write transaction. */
export const COMMITS_AT_ONCE_MAX = 500
/** Mutations of one call or request, over all its commits: as many as go into one group. A function counts as one. */
export const COMMIT_MUTATIONS_AT_ONCE_MAX: number = COMMITS_MUTATIONS_MAX
/** Mutations of backends that wait for the changelog. So few that a client's mutation, which waits its turn behind them, waits for some groups only. */
export const QUEUE_COMMIT_MUTATIONS_MAX = 2500
/** Time after which no further commit of one call is begun, in ms: the changelog's only writer waits for it. */
export const COMMITS_WITHIN_MS = 2000
/** Requests in hand of one API key, and of all; each may hold a body of a MiB. */
export const API_KEY_REQUESTS_MAX = 8
export const API_REQUESTS_MAX = 64
/** What a caller with too many requests in hand is told to wait, in ms. */
export const API_FULL_AFTER_MS = 1000

/** Spaces that one mutation may write to. */
export const MUTATION_SPACES_MAX = 100
/** Bytes of documents that one mutation may hold in hand, over all spaces. */
export const MUTATION_BYTES_MAX = 8_388_608
/** Characters of a refusal's message that are kept and sent. */
export const MESSAGE_CHARACTERS_MAX = 500

/** What is kept unless an operator says otherwise; see RetentionOptions. A month for the log: longer than a holiday, and past it a copy still takes each document once. */
export const KEEP_LOG_MS: number = 30 * 24 * 3_600_000
/** No answer reads further back. */
export const KEEP_LOG_COMMITS: number = LOG_SPAN_FILTERED_COMMITS_MAX
/** A quarter: whoever was away for longer begins anew. */
export const KEEP_DELETIONS_MS: number = 90 * 24 * 3_600_000
/** A run of a filtered reader needs the log since it began [C4]: with less it might never end. */
export const KEEP_LOG_MS_MIN = 3_600_000
export const KEEP_LOG_COMMITS_MIN: number = LOG_SPAN_COMMITS_MAX
/** Between two rounds of retention, in ms. */
export const RETENTION_EVERY_MS = 600_000
/** Spaces, or client ids, that one slice looks at; commits and records that it takes from each at most. */
export const RETENTION_PLACES_AT_ONCE = 20
export const RETENTION_COMMITS_AT_ONCE = 50
export const RETENTION_RECORDS_AT_ONCE = 500
/** The shortest rest after a slice, in ms, and how much longer than the slice it is. */
export const RETENTION_PAUSE_MS = 2
export const RETENTION_REST = 3
/** A slice that has not ended by then is given up, in ms; the next round comes to its places again. */
export const RETENTION_WITHIN_MS = 60_000
