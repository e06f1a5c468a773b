import type { PlantedBug } from '../planted-bug.ts'

const STRAND = 'server/src/lanes/lane-strand.ts'
const RUN = 'server/src/lanes/lane-run.ts'
const BUCKET = 'server/src/lanes/bucket.ts'
const STORE = 'server/src/lanes/memory/memory-lane-store.ts'
const MODERATION = 'server/src/moderation/create-moderation.ts'
const FEED = 'client/src/lanes/feed.ts'

const bugs: readonly Omit<PlantedBug, 'isOfLanes'>[] = [
  {
    name: 'tick-merged-twice',
    file: STORE,
    find: 'kept.said = kept.said.filter((say) => say.tick !== tick)',
    replace: '',
    rule: 'L2',
    what: 'a tick leaves what it was made of behind, and a process after a crash makes it again',
  },
  {
    name: 'item-ids-forgotten',
    file: STORE,
    find: 'if (taken.has(key)) return false',
    replace: '',
    rule: 'L1',
    what: 'what is said again once the ring has forgotten it is taken again',
  },
  {
    name: 'left-tick-dropped',
    file: STRAND,
    find: 'else open.bucket.add({ ...(JSON.parse(text) as LaneItem), text })',
    replace: '',
    rule: 'L2',
    what: 'what a process before was told and made no tick of is gone',
  },
  {
    name: 'late-untold',
    file: STRAND,
    find: 'const late = monotonicMs - endsMs > tickMs',
    replace: 'const late = false',
    rule: 'L2',
    what: 'a tick that comes late does not say so',
  },
  {
    name: 'said-before-append',
    file: 'server/src/lanes/create-lane-engine.ts',
    find: 'if (run === undefined) await strand.take(place, definition, item, body)',
    replace: 'if (run === undefined) strand.take(place, definition, item, body).catch(() => {})',
    rule: 'L1',
    what: 'what is said is answered before it is stored',
  },
  {
    name: 'tick-before-it-is-stored',
    file: STRAND,
    find: 'if (ticks.length > 0) await store.merge(ticks)',
    replace: 'if (ticks.length > 0) store.merge(ticks).catch(() => {})',
    rule: 'L2',
    what: 'a tick leaves before it is stored, and another one may be made of the same',
  },
  {
    name: 'failed-append-kept',
    file: STRAND,
    find: 'for (const { waiting } of placed) waiting.reject(cannotKeep(error))',
    replace: 'for (const { waiting } of placed) waiting.resolve()',
    rule: 'L1',
    what: 'what the store did not take is answered as taken',
  },
  {
    name: 'tick-falls',
    file: RUN,
    find: 'return Math.max(startMs, this.#newest + 1)',
    replace: 'return startMs',
    rule: 'L2',
    what: 'numbers of ticks go back with the clock',
  },
  {
    name: 'ticks-out-of-turn',
    file: STRAND,
    find: 'run.open.slice(0, run.open.findLastIndex(isOver) + 1).map(',
    replace: 'run.open.slice(0, run.open.findLastIndex(isOver) + 1).reverse().map(',
    rule: 'L2',
    what: 'of several ticks that are over the newest leaves first',
  },
  {
    name: 'order-lost',
    file: BUCKET,
    find: 'sort((a, b) => a.place - b.place)',
    replace: 'sort((a, b) => b.place - a.place)',
    rule: 'L1',
    what: 'the items of a tick are in no order of acceptance',
  },
  {
    name: 'cut-uncounted',
    file: BUCKET,
    find: 'this.#cut += weakest.count',
    replace: 'this.#cut += 0',
    rule: 'L1',
    what: 'what is sampled away is not counted',
  },
  {
    name: 'folded-uncounted',
    file: BUCKET,
    find: 'same.count += 1',
    replace: '',
    rule: 'L1',
    what: 'equal texts of a tick are one item without a count',
  },
  {
    name: 'cap-one-more',
    file: BUCKET,
    find: 'while (this.#sampled.size > room ||',
    replace: 'while (this.#sampled.size > room + 1 ||',
    rule: 'L1',
    what: 'a tick holds one more than its cap',
  },
  {
    name: 'drop-after-the-bucket',
    file: MODERATION,
    find: "if (found?.action === 'drop') return { verdict: 'drop' }",
    replace: '',
    rule: 'L1',
    what: 'what the filter drops goes into the bucket all the same',
  },
  {
    name: 'mask-forgotten',
    file: MODERATION,
    find: "if (found?.action === 'mask') said = withText(definition, checked, found.text)",
    replace: '',
    rule: 'L1',
    what: 'a word that is to be masked is shown',
  },
  {
    name: 'held-is-shown',
    file: 'server/src/backend/say.ts',
    find: "if (judged.verdict === 'say')",
    replace: "if (judged.verdict === 'say' || judged.verdict === 'hold')",
    rule: 'L1',
    what: 'what waits for a person goes into the bucket all the same',
  },
  {
    name: 'held-before-it-is-saved',
    file: MODERATION,
    find: 'await write(tenant, async (draft) => {',
    replace: 'void write(tenant, async (draft) => {',
    classes: ['desk', 'slow-store', 'lane-crash'],
    rule: 'L1',
    what: 'what waits for a person is answered before it is in the hold queue',
  },
  {
    name: 'mute-without-end',
    file: 'server/src/moderation/desk.ts',
    find: 'found?.untilMs !== undefined && found.untilMs <= this.#options.clock.nowMs()',
    replace: 'false',
    rule: 'L1',
    what: 'who was muted for a while stays so',
  },
  {
    name: 'blocked-is-taken',
    file: MODERATION,
    find: "if (restricted?.act === 'block') throw",
    replace: 'if (false) throw',
    rule: 'L1',
    what: 'who is blocked is heard',
  },
  {
    name: 'stopped-is-taken',
    file: MODERATION,
    find: 'if (desk.setting(space, lane)?.stopped) throw',
    replace: 'if (false) throw',
    rule: 'L1',
    what: 'a lane that is stopped takes what is said',
  },
  {
    name: 'words-read-once',
    file: 'server/src/moderation/desk.ts',
    find: 'if (isWordChanged) this.#rebuild()',
    replace: 'if (isWhole) this.#rebuild()',
    rule: 'L1',
    what: 'words that are listed later count after a restart only',
  },
  {
    name: 'released-under-another-id',
    file: 'server/src/moderation/outgoing.ts',
    find: 'if (!announcement) return { id: item, by, body }',
    replace: `if (!announcement) return { id: \`\${item}\${Math.random()}\`.slice(-40).replace('.', '_'), by, body }`,
    rule: 'L1',
    what: 'what is released and taken into its lane twice, because a server died in between, shows twice',
  },
  {
    name: 'own-item-twice',
    file: FEED,
    find: 'if (item.by === user && own.has(item.id)) return false',
    replace: '',
    rule: 'L4',
    what: 'what one said oneself is shown again when it returns',
  },
  {
    name: 'idle-lane-looks',
    file: STRAND,
    find: "if (first === undefined || this.#state === 'ending') return",
    replace: `if (first === undefined) {
      run.cancelTimer = this.#world.clock.after(1000, () => this.#wait(run))
      return
    }
    if (this.#state === 'ending') return`,
    rule: 'L3',
    what: 'a lane in which nothing is said sets a timer each second',
  },
]

/** What lanes do with what is said, and who moderates with that. */
export const laneBugs: readonly PlantedBug[] = bugs.map((bug) => ({ ...bug, isOfLanes: true }))
