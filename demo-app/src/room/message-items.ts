import type { Pending, Refused } from '@tidemark/client'
import type { MessageRow } from '../replica/demo.ts'
import { dayOf } from './time-words.ts'

/** Messages of one author that come closer together than this stand in one group. */
const GROUP_WITHIN_MS = 5 * 60_000

/** What a person's text came to: on its way, confirmed, or refused. */
export type MessageState = 'pending' | 'confirmed' | 'refused'

export interface Bubble {
  readonly kind: 'message'
  readonly key: string
  readonly id: string
  readonly text: string
  readonly author: string
  readonly sentAtMs: number
  readonly own: boolean
  readonly state: MessageState
  /** First and last of their group. */
  readonly first: boolean
  readonly last: boolean
  /** While the server has not answered. */
  readonly pending?: Pending | undefined
  /** It was tried and did not get through, and is the first that waits. */
  readonly stuck: boolean
  readonly refused?: Refused
}

export type Item =
  | Bubble
  | { readonly kind: 'day'; readonly key: string; readonly ms: number }
  /** Above the first message that was unread when the room was opened. */
  | { readonly kind: 'unread'; readonly key: 'unread' }

export interface Listed {
  readonly rows: readonly MessageRow[]
  /** What waits and what was refused of this room. */
  readonly pending: readonly Pending[]
  readonly refused: readonly Refused[]
  readonly user: string
  /** The version to which the user had read; null where that is not known. */
  readonly readTo: number | null
}

/**
 * What the list shows, top to bottom. The rows keep the order in which they come, which is that of their creation: times
 * are what devices believed, so they only label. What was refused stands below what is settled and above what waits.
 */
export function messageItems({ rows, pending, refused, user, readTo }: Listed): Item[] {
  const [next] = pending
  const stuck = next && (next.attempts > 1 || next.lastError) ? next : undefined
  const waiting = new Map(pending.map((one) => [one.args.id, one]))
  const bubbles = rows.map((row) => fromRow(row, user, waiting.get(row.$id), stuck))
  const waitFrom = bubbles.findLastIndex((bubble) => bubble.state === 'confirmed') + 1
  bubbles.splice(waitFrom, 0, ...refused.map((one) => fromRefused(one, user)))
  const unread = firstUnread(rows, user, readTo)
  return separated(grouped(bubbles, unread), unread)
}

/** The id of the first message of somebody else above the marker, where something that was read stands above it. */
function firstUnread(rows: readonly MessageRow[], user: string, readTo: number | null): string | undefined {
  const oldest = rows[0]
  if (readTo === null || oldest === undefined || oldest.$b > readTo) return undefined
  return rows.find(({ $b, $p, author }) => $p === 0 && $b > readTo && author !== user)?.$id
}

type Loose = Omit<Bubble, 'first' | 'last'>

function fromRow(row: MessageRow, user: string, pending: Pending | undefined, stuck: Pending | undefined): Loose {
  const { $id: id, text, author, sentAtMs, $p } = row
  const state = $p === 1 ? 'pending' : 'confirmed'
  const waits = state === 'pending' ? pending : undefined
  const said = { text, author, sentAtMs, own: author === user }
  return { kind: 'message', key: id, id, ...said, state, pending: waits, stuck: waits !== undefined && waits === stuck }
}

function fromRefused(refused: Refused, user: string): Loose {
  const { n, args, madeMs } = refused
  const text = typeof args.text === 'string' ? args.text : ''
  const id = typeof args.id === 'string' ? args.id : ''
  return {
    kind: 'message',
    key: `refused ${n}`,
    id,
    text,
    author: user,
    sentAtMs: madeMs,
    own: true,
    state: 'refused',
    stuck: false,
    refused,
  }
}

function grouped(bubbles: readonly Loose[], unread: string | undefined): Bubble[] {
  const together = (a: Loose | undefined, b: Loose | undefined) =>
    a !== undefined &&
    b !== undefined &&
    a.author === b.author &&
    b.key !== unread &&
    (a.state === 'refused') === (b.state === 'refused') &&
    dayOf(a.sentAtMs) === dayOf(b.sentAtMs) &&
    Math.abs(b.sentAtMs - a.sentAtMs) < GROUP_WITHIN_MS
  return bubbles.map((bubble, index) => ({
    ...bubble,
    first: !together(bubbles[index - 1], bubble),
    last: !together(bubble, bubbles[index + 1]),
  }))
}

/** A separator stands where the days go on; a message from a clock that runs behind brings none. */
function separated(bubbles: readonly Bubble[], unread: string | undefined): Item[] {
  let latestDay = Number.NEGATIVE_INFINITY
  return bubbles.flatMap((bubble): Item[] => {
    const items: Item[] = bubble.key === unread ? [{ kind: 'unread', key: 'unread' }, bubble] : [bubble]
    const day = dayOf(bubble.sentAtMs)
    if (day === undefined || day <= latestDay) return items
    latestDay = day
    return [{ kind: 'day', key: `day ${day}`, ms: bubble.sentAtMs }, ...items]
  })
}
