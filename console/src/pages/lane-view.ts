import type { LaneItem } from '@tidemark/shared'

/** Items that are shown; the oldest goes for the next. */
export const ITEMS_SHOWN = 500
/** For how long it is remembered how much was said, in ms: what the chart shows. */
export const SAID_SPAN_MS = 120_000

/** What is seen of a lane: its newest items, the newest first, and how much came in each second. */
export interface LaneView {
  readonly items: readonly LaneItem[]
  readonly said: readonly { readonly atMs: number; readonly items: number; readonly cut: number }[]
}

export const EMPTY_VIEW: LaneView = { items: [], said: [] }

interface Batch {
  readonly items: readonly LaneItem[]
  readonly cut: number
  readonly cleared: boolean
  readonly late: boolean
}

/** The view after a batch that came at `nowMs`. What comes late was said before: it is shown, and counted in no second. */
export function afterBatch({ items, said }: LaneView, batch: Batch, nowMs: number): LaneView {
  const kept = batch.cleared ? [] : items
  const shown = [...batch.items.toReversed(), ...kept].slice(0, ITEMS_SHOWN)
  if (batch.late) return { items: shown, said }
  const atMs = nowMs - (nowMs % 1000)
  const now = said.at(-1)?.atMs === atMs ? said.at(-1) : undefined
  const counted = {
    atMs,
    items: (now?.items ?? 0) + batch.items.reduce((sum, { count = 1 }) => sum + count, 0),
    cut: (now?.cut ?? 0) + batch.cut,
  }
  const before = (now === undefined ? said : said.slice(0, -1)).filter((second) => second.atMs > nowMs - SAID_SPAN_MS)
  return { items: shown, said: [...before, counted] }
}

/** Each whole second since the view began, as far as SAID_SPAN_MS reaches: those in which nothing was said, too. */
export function secondsOf(said: LaneView['said'], beganMs: number, nowMs: number): LaneView['said'] {
  const counted = new Map(said.map((second) => [second.atMs, second]))
  const whole = (ms: number) => ms - (ms % 1000)
  const seconds: LaneView['said'][number][] = []
  for (let atMs = whole(Math.max(beganMs, nowMs - SAID_SPAN_MS)); atMs < whole(nowMs); atMs += 1000)
    seconds.push(counted.get(atMs) ?? { atMs, items: 0, cut: 0 })
  return seconds
}

/** What a person wrote, of an item: the field that the lane says holds it, else all of the body. */
export function textOf({ body }: Pick<LaneItem, 'body'>, field: string | undefined): string {
  const fields = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const text = field === undefined ? fields.text : (fields[field] ?? fields.text)
  return typeof text === 'string' ? text : JSON.stringify(body)
}
