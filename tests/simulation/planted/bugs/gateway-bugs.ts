import { type PlantedBug, SET_BACK } from '../planted-bug.ts'

const CHANNEL = 'server/src/gateway/channel.ts'
const SESSION = 'server/src/gateway/session.ts'
const CHECK = 'server/src/gateway/self-check.ts'

/** The access layer: who follows what, fan-out, beats, checks of itself. */
export const gatewayBugs: readonly PlantedBug[] = [
  {
    name: 'views-mixed',
    file: CHANNEL,
    find: `\${follower.standing.seal} \${follower.view}\``,
    replace: '`',
    rule: 'P14',
    what: 'a range that was read for one reader goes to those who see something else',
  },
  {
    name: 'stated-unanswered',
    file: 'server/src/gateway/follower.ts',
    find: 'mustAsk = true',
    replace: 'mustAsk = false',
    rule: 'B2',
    what: 'who states a number at the head or past it is not answered from the backend',
  },
  {
    name: 'fan-out-to-all',
    file: CHANNEL,
    find: 'for (const follower of fetch.waiting) {\n      follower.asking = false\n      follower.reader.answered()\n      if (follower.over) follower.reader.moved(follower)\n      else if (this.#deliver',
    replace:
      'for (const follower of this.followers) {\n      follower.asking = false\n      follower.reader.answered()\n      if (follower.over) follower.reader.moved(follower)\n      else if (this.#deliver',
    rule: 'R2',
    what: 'an answer goes to every follower, wherever it stands',
  },
  {
    name: 'follower-not-moved',
    file: CHANNEL,
    find: 'follower.standing = { version: range.to, seal: range.seal }',
    replace: 'follower.standing = { version: range.to, seal: follower.standing.seal }',
    rule: 'R2',
    what: 'a gateway forgets the seal to which it has led a copy',
  },
  {
    name: 'beat-sums-the-unfollowed',
    file: SESSION,
    find: 'for (const space of spaces) this.#leave(space)\n  }',
    replace: 'for (const space of spaces) this.#following.get(space)?.channel.followers.clear()\n  }',
    rule: 'B1',
    what: 'a beat counts spaces that are followed no longer',
  },
  {
    name: 'denied-not-said',
    file: CHANNEL,
    find: "this.#end(follower, 'denied', frames.denied(this.space, error))",
    replace: 'this.leave(follower)',
    rule: 'B2',
    what: 'a follow ends without a word',
  },
  {
    name: 'rights-not-checked-again',
    file: CHECK,
    find: 'await this.#rights([...this.#world.sessions()])\n  }',
    replace: '}',
    rule: 'B6',
    what: 'who may read no longer is found out at the next range only',
  },
  {
    name: 'doubt-ignored',
    file: 'server/src/gateway/channel.ts',
    find: 'else this.forget()',
    replace: 'else void 0',
    classes: SET_BACK,
    rule: 'B6',
    what: "a gateway whose number is past its backend's goes on as before",
  },
  {
    name: 'memory-of-a-dead-history',
    file: 'server/src/gateway/channel.ts',
    find: `this.#memory = this.#world.nextMemory()
    this.#top = undefined`,
    replace: 'this.#top = undefined',
    classes: SET_BACK,
    rule: 'R6',
    what: 'a gateway that is doubted keeps the ranges that it remembers',
  },
  {
    name: 'numbers-not-checked',
    file: 'server/src/gateway/self-check.ts',
    find: `await this.#numbers()
`,
    replace: `
`,
    classes: SET_BACK,
    rule: 'B6',
    what: 'a lost hint or a history that changed under the gateway is not looked for',
  },
  {
    name: 'frames-out-of-turn',
    file: 'server/src/gateway/connection.ts',
    find: 'if (!this.#working) void this.#work()',
    replace: 'void this.#work()',
    rule: 'B1',
    what: 'the frames of one connection are served all at once',
  },
  {
    name: 'token-without-end',
    file: 'server/src/gateway/token-end.ts',
    find: 'if (nowMs >= course.closeAtMs) return new TokenExpiredError()',
    replace: '',
    rule: 'B9',
    what: 'a connection outlives its token and its grace',
  },
]
