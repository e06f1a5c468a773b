import type { LaneState, Tick } from '@tidemark/shared'
import type { Bucket } from './bucket.ts'
import type { LanePlace, NewItem } from './lane-engine.ts'

/** A tick as JSON, and the frame that carries it. */
export interface TickText {
  readonly tick: number
  readonly frame: string
}

/** An item as JSON. `body`: JSON already. */
export function itemText({ id, by, announcement }: Omit<NewItem, 'body'>, body: string, atMs: number): string {
  return `{"id":${JSON.stringify(id)},"by":${JSON.stringify(by)},"atMs":${atMs},"body":${body}${announcement ? ',"announcement":true' : ''}}`
}

/** The items of a bucket, in their order, as JSON. */
export function itemsText(bucket: Bucket): string {
  return bucket
    .items()
    .map(({ item: { text }, count }) => (count === 1 ? text : `${text.slice(0, -1)},"count":${count}}`))
    .join(',')
}

export function tickText(
  place: LanePlace,
  {
    tick,
    items,
    cut,
    late,
    cleared,
  }: { readonly items: string; readonly late: boolean; readonly cleared: boolean } & Pick<Tick, 'tick' | 'cut'>,
): TickText {
  const flags = `${late ? ',"late":true' : ''}${cleared ? ',"cleared":true' : ''}`
  return frameOf(place, tick, `{"tick":${tick},"items":[${items}],"cut":${cut}${flags}}`)
}

/** The frame that carries a tick, given as JSON. */
export function frameOf(place: LanePlace, tick: number, text: string): TickText {
  return { tick, frame: `${tickHead(place)}${text.slice(1)}` }
}

/** The JSON of the tick that a frame carries: a part of its text, not a copy. */
export function textOf(place: LanePlace, { frame }: TickText): string {
  return `{${frame.slice(tickHead(place).length)}`
}

export function stateFrame({ space, lane }: LanePlace, state: LaneState): string {
  return JSON.stringify({ t: 'lane', space, lane, ...state })
}

/** The body of a `laneRing`. */
export function ringText({ space, lane }: LanePlace, state: LaneState, ticks: readonly string[]): string {
  return `${JSON.stringify({ space, lane, ...state }).slice(0, -1)},"ticks":[${ticks.join(',')}]}`
}

/** The body of a `lanePage`. */
export function pageText({ space, lane }: LanePlace, page: { from: number; to: number; whole: boolean }, ticks: readonly string[]): string {
  return `${JSON.stringify({ space, lane, ...page }).slice(0, -1)},"ticks":[${ticks.join(',')}]}`
}

function tickHead({ space, lane }: LanePlace): string {
  return `{"t":"tick","space":"${space}","lane":"${lane}",`
}
