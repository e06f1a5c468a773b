import { type PlantedBug, SET_BACK, TRIMMED } from '../planted-bug.ts'

/**
 * Bugs that no seed has shown yet. Each was given 80 to 250 seeds: that is little. Where it is known what makes good for one, that stands above it. Of some a
 * named case tells (`case`). They count in no number; `npm run simulate:planted -- --open` hunts them. One that is found moves to its
 * neighbours.
 */
export const openBugs: readonly PlantedBug[] = [
  // The server compares the nonces itself before it acknowledges (`nonce-check-skipped`).
  {
    name: 'ack-by-number',
    file: 'client/src/replica/settle.ts',
    find: 'if (row?.nonce !== nonce) continue',
    replace: 'if (!row) continue',
    classes: SET_BACK,
    rule: 'M4',
    what: 'an ack settles the mutation of its number, whatever its nonce',
  },
  // The doubt that a reset for history brings offers it again, and the new ack takes the place of the old one.
  {
    name: 'dead-ack-awaited',
    file: 'client/src/replica/apply-range.ts',
    find: '(next.history && versions !== undefined)',
    replace: 'false',
    classes: SET_BACK,
    rule: 'M4',
    what: 'after a reset for history the versions of old acks are still waited for',
  },
  {
    name: 'older-page-unproven',
    file: 'client/src/replica/awaited-page.ts',
    find: "if (!passed && !isHeld) return 'unproven'",
    replace: '',
    classes: SET_BACK,
    rule: 'W2',
    what: 'a page is taken without proof that it is of the same history',
  },
  // The `acked` of the next welcome says the same.
  {
    name: 'unfinished-arrivals-forgotten',
    file: 'client/src/replica/apply-range.ts',
    find: 'next.arrived.includes(nonce) ||',
    replace: '',
    classes: TRIMMED,
    rule: 'R6',
    what: 'what an unfinished copy brought of the own mutations is forgotten when it is shown',
  },
  {
    name: 'repeat-of-a-fork',
    file: 'shared/src/range-rule.ts',
    find: '(range.to === copy.version && sameSeal(copy.version, range.seal, copy.seal))',
    replace: 'range.to === copy.version',
    classes: SET_BACK,
    rule: 'R3',
    case: 'seals.test.ts',
    what: 'a range that leads to our number under another seal counts as a repeat',
  },
  // What is sent again is acknowledged: a round trip later the showing ends all the same.
  {
    name: 'acked-not-told',
    file: 'client/src/sync.ts',
    find: `copies.known(acked, heads)
`,
    replace: `
`,
    rule: 'M4',
    what: 'what a welcome tells as done ends no showing',
  },
  {
    name: 'late-pull-taken',
    file: 'client/src/sync.ts',
    find: 'if (isPulling(following.spaces.get(space), number)) await take(range, number)',
    replace: 'await take(range, number)',
    rule: 'B8',
    what: 'the answer to a pull is taken although the space is forbidden or let go since',
  },
  // The head that came with the page says the same.
  {
    name: 'run-seal-unknown',
    file: 'shared/src/seal.ts',
    find: "return of.includes('~')",
    replace: 'return false',
    rule: 'C2',
    what: 'the seal of an unfinished run is taken for a plain one',
  },
  {
    name: 'former-not-doubted',
    file: 'client/src/replica/healing.ts',
    find: 'await doubtOf(unit, isOurs ? former : [...former, ...present])',
    replace: 'await doubtOf(unit, isOurs ? [] : present)',
    classes: SET_BACK,
    rule: 'M5',
    case: 'healing.test.ts',
    what: 'nobody offers the tail of a former client id',
  },
  // The conflict that follows moves them to a new client id.
  {
    name: 'set-back-unnoticed',
    file: 'client/src/replica/healing.ts',
    find: 'if (after + n > self.n) await begin(unit, newClient, identities(self))',
    replace: '',
    classes: SET_BACK,
    rule: 'M5',
    what: 'a device that was set back makes new mutations under numbers that it has used',
  },
  // What it would mend is mended sooner by something else.
  {
    name: 'watchdog-asleep',
    file: 'client/src/sync.ts',
    find: 'if (clock.monotonicMs() >= stuckAtMs) giveUp()',
    replace: 'if (clock.monotonicMs() >= stuckAtMs) stuckAtMs = NEVER',
    rule: 'P7',
    what: 'what moves nothing for a minute is waited for',
  },
]
