import type { PlantedBug } from '../planted-bug.ts'

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
    find: 'for (const space of spaces) this.#drop(space)\n  }\n\n  async mutate',
    replace: 'for (const space of spaces) this.#following.get(space)?.channel.followers.clear()\n  }\n\n  async mutate',
    rule: 'B1',
    what: 'a beat counts spaces that are followed no longer',
  },
  {
    name: 'denied-not-said',
    file: CHANNEL,
    find: 'this.#end(follower, frames.denied(this.space, error))',
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
]
