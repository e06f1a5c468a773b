import type { PlantedBug } from '../planted-bug.ts'

const STEP = 'client/src/following/step.ts'
const SYNC = 'client/src/sync.ts'

/** The client's side of the wire: what is followed, sent and waited for. */
export const followingBugs: readonly PlantedBug[] = [
  {
    name: 'beat-not-compared',
    file: STEP,
    find: "(stage.name === 'followed' && !lacksNothing)",
    replace: 'false',
    rule: 'B1',
    what: 'the sum of a beat is not looked at',
  },
  {
    name: 'lost-statement-not-repeated',
    file: STEP,
    find: "stage.name === 'asked' || (stage.name === 'followed'",
    replace: "(stage.name === 'followed'",
    rule: 'B1',
    what: 'a follow that got lost is waited for until the connection ends',
  },
  {
    name: 'statement-storm',
    file: STEP,
    find: "else if (stage.name === 'followed') {\n        if (failures",
    replace: "else if (stage.name !== 'denied') {\n        if (failures",
    rule: 'R4',
    what: 'every lost range states the number again, also while a statement is under way',
  },
  {
    name: 'loss-not-stated',
    file: STEP,
    find: 'if (failures < LOSSES_MAX) set(id, { stage: DUE, failures: failures + 1 })',
    replace: 'if (failures < LOSSES_MAX) set(id, { failures: failures + 1 })',
    rule: 'R4',
    what: 'a lost range is dropped and nothing is stated',
  },
  {
    name: 'forbidden-not-dropped',
    file: STEP,
    find: "if (forbidden) effects.push({ type: 'drop', space: id })",
    replace: '',
    rule: 'B8',
    what: 'a copy stays when its user may not read it any more',
  },
  {
    name: 'stranger-welcome',
    file: SYNC,
    find: 'if (user !== ports.user) return',
    replace: 'if (user === "") return',
    rule: 'P14',
    what: 'a replica goes on under the token of another user',
  },
  {
    name: 'reach-forgotten',
    file: SYNC,
    find: "await follow({ type: 'reach', versions })",
    replace: '',
    rule: 'M4',
    what: 'the versions that acks told of are not pulled where nothing is followed',
  },
  {
    name: 'dead-connection-kept',
    file: 'client/src/connection/connection.ts',
    find: 'const overdue = deadAtMs <= nowMs',
    replace: 'const overdue = deadAtMs < 0',
    rule: 'B4',
    what: 'a beat that is not answered ends nothing',
  },
  {
    name: 'backoff-of-nothing',
    file: 'client/src/backoff.ts',
    find: 'Math.floor(chance * Math.min(',
    replace: 'Math.floor(0 * Math.min(',
    rule: 'P7',
    what: 'who cannot connect tries again at once, for ever',
  },
  {
    name: 'backoff-that-stays',
    file: 'client/src/backoff.ts',
    find: 'BACKOFF_FIRST_MS * 2 ** Math.min(attempt - 1, 10)',
    replace: 'BACKOFF_FIRST_MS',
    rule: 'P7',
    what: 'pauses between tries do not grow',
  },
  {
    name: 'refused-token-kept',
    file: 'client/src/connection/tokens.ts',
    find: 'if (asking) return\n      inHand = undefined',
    replace: 'if (asking) return',
    rule: 'B9',
    what: 'a token that was refused is shown again',
  },
  {
    name: 'acked-settles',
    file: 'client/src/sync.ts',
    find: "await follow({ type: 'reach', versions: await outbox.settle([]) })",
    replace: "await follow({ type: 'reach', versions: await outbox.settle([{ n: acked[0], nonce: acked[1], in: {} }] as never) })",
    rule: 'M4',
    what: 'what a welcome tells as done is settled by it: a swallowed refusal',
  },
]
