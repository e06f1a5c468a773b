import * as v from 'valibot'
import { type SpaceDefinition, space } from './app.ts'
import { type CollectionDefinition, collection } from './collection.ts'
import { foldWord } from './fold-text.ts'
import { LANE_BOUNDS } from './lane.ts'
import { isUserId } from './names.ts'
import { isReserved, spaceId } from './space-id.ts'
import { itemId, laneName } from './tick.ts'
import type { Transaction } from './transaction.ts'

/** What is done with a text that holds a word: its speaker alone sees it, the word is masked, or it waits for a person. */
export type WordAction = 'drop' | 'mask' | 'hold'

/** What admins changed of a lane; where one is absent the app's definition counts. */
export interface LaneSetting {
  readonly space: string
  readonly lane: string
  readonly tickMs?: number | undefined
  readonly cap?: number | undefined
  readonly stopped?: boolean | undefined
  /** What was said before this is to go from screens, in ms since the epoch. */
  readonly clearedAtMs?: number | undefined
}
/** A word of the filter, as it was written; its document's id is `foldWord` of it. */
export interface ListedWord {
  readonly word: string
  readonly action: WordAction
  readonly by: string
  readonly atMs: number
}
/** A user, who is the document's id, of whom nothing is shown (`mute`, unnoticed) or taken (`block`, refused with until when). */
export interface Restricted {
  readonly user: string
  readonly act: 'mute' | 'block'
  /** In ms since the epoch; absent: until forgiven. */
  readonly untilMs?: number | undefined
  readonly because?: string | undefined
  readonly by: string
  readonly atMs: number
}
/** Said, and waiting for a person. `item` is the id under which it goes into the lane. */
export interface HeldItem {
  readonly space: string
  readonly lane: string
  readonly item: string
  readonly by: string
  readonly body: unknown
  /** What the filter read of the body. */
  readonly text: string
  readonly because: string
  readonly atMs: number
}
/** Released or announced, and on its way into the lane: the server takes it from here. An announcement's body is `{ text }`. */
export interface OutgoingItem {
  readonly space: string
  readonly lane: string
  readonly item: string
  readonly by: string
  readonly body: unknown
  readonly atMs: number
  readonly announcement?: true | undefined
}
/** Who did what, to whom or what. */
export interface AuditLine {
  readonly atMs: number
  readonly by: string
  readonly act: string
  readonly of: string
}

export type ModerationCollections = {
  readonly lanes: CollectionDefinition<LaneSetting>
  readonly words: CollectionDefinition<ListedWord>
  readonly people: CollectionDefinition<Restricted, 'untilMs'>
  readonly held: CollectionDefinition<HeldItem, 'atMs'>
  readonly outgoing: CollectionDefinition<OutgoingItem>
  readonly audit: CollectionDefinition<AuditLine, 'atMs'>
}

type OfLane = { readonly space: string; readonly lane: string }
type OfUser = { readonly user: string; readonly forMs?: number | undefined; readonly because?: string | undefined }
/** What an admin may do, by mutator. Each writes its line of `audit` in the same commit. */
export type ModerationActs = {
  adjust: OfLane & { readonly tickMs?: number | undefined; readonly cap?: number | undefined }
  /** Nothing more is taken from anyone, until `resume`; announcements are. */
  stop: OfLane
  resume: OfLane
  /** What is on screens goes. */
  clear: OfLane
  mute: OfUser
  block: OfUser
  forgive: { readonly user: string }
  /** Adds words, or gives those that are listed another action. */
  addWords: { readonly words: readonly string[]; readonly action: WordAction }
  removeWords: { readonly words: readonly string[] }
  /** Into its lane with a held item; by the id of its document. */
  release: { readonly id: string }
  discard: { readonly id: string }
  /** `id` is the item's. */
  announce: OfLane & { readonly id: string; readonly text: string }
}

/** Words of one mutation. */
export const WORDS_AT_ONCE_MAX = 500
/** UTF-16 units of a word, as it is written and folded. */
export const WORD_LENGTH_MAX = 64
/** Characters of an announcement, and of a reason. */
export const ANNOUNCEMENT_LENGTH_MAX = 500
const BECAUSE_LENGTH_MAX = 200
/** Characters that a line of the audit says of what it is about. */
const AUDITED_LENGTH_MAX = 200
/** The longest mute or block that ends by itself, in ms: 10 years. */
const RESTRICTED_MS_MAX: number = 10 * 365 * 24 * 3_600_000
const WINDOW = 500
const LENGTHS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

const time = v.pipe(v.number(), v.finite())
const tickMs = v.pipe(v.number(), v.integer(), v.minValue(LANE_BOUNDS.tickMsMin), v.maxValue(LANE_BOUNDS.tickMsMax))
const cap = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LANE_BOUNDS.capMax))
const action = v.picklist(['drop', 'mask', 'hold'])
const user = v.custom<string>(isUserId, 'no user')
const ofLane = { space: spaceId, lane: laneName }
const ofUser = {
  user,
  forMs: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(RESTRICTED_MS_MAX))),
  because: v.optional(v.pipe(v.string(), v.maxLength(BECAUSE_LENGTH_MAX))),
}
const words = v.pipe(v.array(v.string()), v.maxLength(WORDS_AT_ONCE_MAX))
const id = v.object({ id: v.string() })

/** Rules are the mutators' alone, and everyone who reads this space reads all of it. */
const BY_MUTATORS = { write: 'none' } as const
const collections: ModerationCollections = {
  lanes: collection(
    v.object({
      ...ofLane,
      tickMs: v.optional(tickMs),
      cap: v.optional(cap),
      stopped: v.optional(v.boolean()),
      clearedAtMs: v.optional(time),
    }),
    BY_MUTATORS,
  ),
  words: collection(v.object({ word: v.string(), action, by: v.string(), atMs: time }), BY_MUTATORS),
  people: collection(
    v.object({
      user: v.string(),
      act: v.picklist(['mute', 'block']),
      untilMs: v.optional(time),
      because: v.optional(v.string()),
      by: v.string(),
      atMs: time,
    }),
    { ...BY_MUTATORS, indexes: ['untilMs'] },
  ),
  held: collection(
    v.object({ ...ofLane, item: v.string(), by: v.string(), body: v.unknown(), text: v.string(), because: v.string(), atMs: time }),
    { ...BY_MUTATORS, indexes: ['atMs'], window: WINDOW },
  ),
  outgoing: collection(
    v.object({
      ...ofLane,
      item: v.string(),
      by: v.string(),
      body: v.unknown(),
      atMs: time,
      announcement: v.optional(v.literal(true)),
    }),
    BY_MUTATORS,
  ),
  audit: collection(v.object({ atMs: time, by: v.string(), act: v.string(), of: v.string() }), {
    ...BY_MUTATORS,
    indexes: ['atMs'],
    window: WINDOW,
  }),
}
type Act = Transaction<ModerationCollections>

/**
 * The space `moderation` of each tenant, where the app has lanes: what admins do there is how the show is run. A page of theirs opens it
 * with an app of its own: `defineApp({ version, spaces: { moderation: moderationSpace } })`.
 */
export const moderationSpace: SpaceDefinition<ModerationCollections, ModerationActs> = {
  ...space<ModerationCollections, ModerationActs>({
    collections,
    mutators: {
      async adjust(tx, { space, lane, tickMs, cap }) {
        const change = { ...(tickMs !== undefined && { tickMs }), ...(cap !== undefined && { cap }) }
        await set(tx, 'adjust', space, lane, change)
      },
      stop: (tx, { space, lane }) => set(tx, 'stop', space, lane, { stopped: true }),
      resume: (tx, { space, lane }) => set(tx, 'resume', space, lane, { stopped: false }),
      async clear(tx, { space, lane }) {
        const before = (await tx.lanes.get(laneSettingId(space, lane)))?.clearedAtMs ?? 0
        // A clock that was set back takes no act back.
        await set(tx, 'clear', space, lane, { clearedAtMs: Math.max(tx.nowMs, before + 1) })
      },
      mute: (tx, restricted) => restrict(tx, 'mute', restricted),
      block: (tx, restricted) => restrict(tx, 'block', restricted),
      async forgive(tx, { user }) {
        await audit(tx, 'forgive', user)
        await tx.people.delete(user)
      },
      async addWords(tx, { words, action }) {
        await audit(tx, `addWords ${action}`, words.join(', '))
        for (const word of words) await tx.words.put(wordId(tx, word), { word, action, by: tx.user, atMs: tx.nowMs })
      },
      async removeWords(tx, { words }) {
        await audit(tx, 'removeWords', words.join(', '))
        for (const word of words) await tx.words.delete(wordId(tx, word))
      },
      async release(tx, { id }) {
        const { text, because, ...held } = await heldAs(tx, id)
        await audit(tx, 'release', `${held.by}: ${text}`)
        await tx.outgoing.put(id, { ...held, atMs: tx.nowMs })
        await tx.held.delete(id)
      },
      async discard(tx, { id }) {
        const { by, text } = await heldAs(tx, id)
        await audit(tx, 'discard', `${by}: ${text}`)
        await tx.held.delete(id)
      },
      async announce(tx, { id, space, lane, text }) {
        await audit(tx, 'announce', `${space} ${lane}: ${text}`)
        await tx.outgoing.create(id, { space, lane, item: id, by: tx.user, body: { text }, atMs: tx.nowMs, announcement: true })
      },
    },
    args: {
      adjust: v.object({ ...ofLane, tickMs: v.optional(tickMs), cap: v.optional(cap) }),
      stop: v.object(ofLane),
      resume: v.object(ofLane),
      clear: v.object(ofLane),
      mute: v.object(ofUser),
      block: v.object(ofUser),
      forgive: v.object({ user }),
      addWords: v.object({ words, action }),
      removeWords: v.object({ words }),
      release: id,
      discard: id,
      announce: v.object({ ...ofLane, id: itemId, text: v.pipe(v.string(), v.minLength(1), v.maxLength(ANNOUNCEMENT_LENGTH_MAX)) }),
    },
  }),
  isServersOwn: true,
}

/** Begins every act: writes its line, or refuses who is no admin. */
async function audit(tx: Act, act: string, of: string): Promise<void> {
  if (!tx.isAdmin) tx.reject('Only who runs the show may do this.')
  let at = 0
  while (await tx.audit.get(`${tx.nowMs}.${at}`)) at += 1
  await tx.audit.create(`${tx.nowMs}.${at}`, { atMs: tx.nowMs, by: tx.user, act, of: of.slice(0, AUDITED_LENGTH_MAX) })
}

async function set(tx: Act, act: string, space: string, lane: string, change: Partial<LaneSetting>): Promise<void> {
  const told = act === 'adjust' ? Object.entries(change).map(([name, value]) => `, ${name} ${value}`) : []
  await audit(tx, act, `${space} ${lane}${told.join('')}`)
  const id = laneSettingId(space, lane)
  await tx.lanes.put(id, { ...(await tx.lanes.get(id)), space, lane, ...change })
}

async function restrict(tx: Act, act: 'mute' | 'block', { user, forMs, because }: OfUser): Promise<void> {
  const long = forMs === undefined ? '' : ` for ${lengthOf(forMs)}`
  await audit(tx, act, `${user}${long}${because === undefined ? '' : `: ${because}`}`)
  const until = forMs !== undefined && { untilMs: tx.nowMs + forMs }
  await tx.people.put(user, { user, act, ...until, ...(because !== undefined && { because }), by: tx.user, atMs: tx.nowMs })
}

/** In the longest unit that says it whole: `10 min`, `7 d`. */
function lengthOf(ms: number): string {
  const [unit, unitMs] = LENGTHS.find(([, each]) => ms % each === 0) ?? ['s', 1000]
  return `${ms / unitMs} ${unit}`
}

async function heldAs(tx: Act, id: string): Promise<HeldItem> {
  const held = await tx.held.get(id)
  return held ?? tx.reject('It is not held any more: somebody else was here first.')
}

function wordId(tx: Act, word: string): string {
  const folded = foldWord(word)
  if (folded === '' || word.length > WORD_LENGTH_MAX || folded.length > WORD_LENGTH_MAX)
    tx.reject(`"${word.slice(0, WORD_LENGTH_MAX)}" is no word: 1 to ${WORD_LENGTH_MAX} letters, digits or emoji.`)
  return isReserved(folded) ? `${folded}.` : folded
}

/** `{space} {lane}`, or where no document's id is that long its beginning and a digest of it. */
export function laneSettingId(space: string, lane: string): string {
  const id = `${space} ${lane}`
  return id.length <= 128 ? id : `${id.slice(0, 110)}~${fnv1a(id, 0x811c9dc5)}${fnv1a(id, 0x9747b28c)}`
}

/** 8 hex digits. Source: the hash of Fowler, Noll and Vo, over UTF-16 units. */
function fnv1a(text: string, basis: number): string {
  let hash = basis
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
