import type { PlantedBug } from '../planted-bug.ts'

const MACHINE = 'client/src/connection/connection.ts'
const LINK = 'client/src/connection/link.ts'
const TOKENS = 'client/src/connection/tokens.ts'
const LEADERSHIP = 'client/src/tabs/leadership.ts'
const SYNC = 'client/src/sync.ts'

/** Attempts, pauses, tokens, and which tab of a device is connected. */
export const connectionBugs: readonly PlantedBug[] = [
  {
    name: 'attempt-without-a-deadline',
    file: MACHINE,
    find: "return { name: 'connecting', attempt, untilMs: nowMs + OPEN_WITHIN_MS, because }",
    replace: "return { name: 'connecting', attempt, untilMs: NEVER, because }",
    rule: 'P7',
    what: 'an attempt that hangs is waited for until a hint comes',
  },
  {
    name: 'greeting-without-a-deadline',
    file: MACHINE,
    find: "name: 'greeting', untilMs: nowMs + GREET_WITHIN_MS }",
    replace: "name: 'greeting', untilMs: NEVER }",
    rule: 'P7',
    what: 'a welcome that was lost is waited for for ever',
  },
  {
    name: 'pause-that-stays',
    file: MACHINE,
    find: 'state.pauses.filter((pause) => pause !== event.pause)',
    replace: "state.pauses.filter((pause) => pause !== event.pause || (type === 'resume' && pause === 'page'))",
    rule: 'P7',
    what: 'a page that comes back stays paused',
  },
  {
    name: 'patient-in-front',
    file: LINK,
    find: 'const FRONT_WAIT_MAX_MS = 8_000',
    replace: 'const FRONT_WAIT_MAX_MS = 120_000',
    rule: 'P7',
    what: 'a tab that somebody looks at waits for minutes',
  },
  {
    name: 'left-page-connected',
    file: LINK,
    find: "event === 'hide' ? 'pause' : 'resume'",
    replace: "'resume'",
    rule: 'P7',
    what: 'a page in the cache keeps its socket',
  },
  {
    name: 'token-waited-for-ever',
    file: TOKENS,
    find: 'within(clock, TOKEN_WITHIN_MS, reason()',
    replace: 'within(clock, 1e12, reason()',
    rule: 'P7',
    what: 'a token source that never answers is never asked again',
  },
  {
    name: 'told-token-kept',
    file: SYNC,
    find: `tokens.refuse(error)
      `,
    replace: '',
    rule: 'B9',
    what: 'a token that ends soon is sent again in its own place',
  },
  {
    name: 'goaway-unheard',
    file: SYNC,
    find: "return connection.fail(errorFromWire(frame.error ?? { code: 'unavailable', message: 'the server goes away' }), frame.afterMs)",
    replace: 'return',
    classes: ['crowd'],
    rule: 'B11',
    what: 'who is told when to come comes at once',
  },
  {
    name: 'goaway-in-the-queue',
    file: SYNC,
    find: `if (text.startsWith('{"t":"goaway"')) return void receive(connection, text)`,
    replace: '',
    classes: ['server-restart', 'slow-disk'],
    rule: 'B11',
    what: 'a close overtakes the word of when to come',
  },
  {
    name: 'lock-waited-for',
    file: LEADERSHIP,
    find: 'export const LOCK_WITHIN_MS = 2000',
    replace: 'export const LOCK_WITHIN_MS = 1e12',
    classes: ['leaders', 'stuck-locks'],
    rule: 'P7',
    what: 'where the browser never gives a lock nobody connects',
  },
]
