import { type PlantedBug, SET_BACK, TRIMMED } from '../planted-bug.ts'

/**
 * Bugs that no seed has shown yet, in 80 to 250 seeds each: that is little. Above each stands what makes good for it. They count in no
 * number; `npm run simulate:planted -- --open` hunts them. One that is found moves to its neighbours.
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
  // The head that came with the page says the same.
  {
    name: 'run-seal-unknown',
    file: 'shared/src/seal.ts',
    find: "return of.includes('~')",
    replace: 'return false',
    rule: 'C2',
    what: 'the seal of an unfinished run is taken for a plain one',
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
