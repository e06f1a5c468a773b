import {
  judge,
  type OlderPage,
  type Range,
  type Seal,
  type Standing,
  standingAfter,
  UnavailableError,
  type Version,
  ZERO,
} from '@tidemark/shared'
import { layUnder, readSlot, slotOf } from './apply-range.ts'
import { isWhole } from './begin-anew.ts'
import type { Slots, Stage } from './replay.ts'
import { type CopyRow, tableOf } from './rows.ts'
import type { Unit } from './unit.ts'

/** Deletions and ends of ranges that are kept for one page; past it the page is asked for again. */
export const KEPT_MAX = 10_000

/** What a page came to. */
export interface Taken {
  /** Documents that were not here before, or not as new. */
  readonly added: number
  /** How far back the collection goes now; 0: to its beginning. */
  readonly floor: Version
}

/**
 * Why a page was not taken, with nothing done.
 * - `stale`: it is too old for this copy, or of another history: it has to be asked for again.
 * - `ahead`: the copy has not reached where it was read.
 * - `unproven`: a range led the copy past where it was read, so that nothing here tells whether it is the same history.
 */
export type NotTaken = 'stale' | 'ahead' | 'unproven'

/**
 * A page of older documents that was asked for [W2]. Of the changes that come meanwhile only deletions have to be kept: every other
 * one is in the copy, with its version. They are complete where the ranges heard follow one another and lead to where the copy
 * stands, whoever applied them.
 */
export interface AwaitedPage {
  /** The page is of documents created at or before it. */
  readonly before: Version
  /** To be told of each range of this replica, in the unit that applies it. */
  hear(range: Range): void
  /** Resolves when a range was heard that leads to `head`, or past it. */
  reaches(head: Version): Promise<void>
  /**
   * Takes the page and moves the floor, inside one unit. `isHeld`: after the copy had reached the page's head, the server still had
   * that number and seal in its history. Throws UnavailableError when the copy that it was asked for is there no longer, or not whole.
   */
  take(unit: Unit, stage: Stage, page: OlderPage, isHeld: boolean): Promise<Taken | NotTaken>
}

/** `row`: the copy as it is when the page is asked for. Throws UnavailableError unless it is whole. */
export function awaitPage(row: CopyRow | undefined, collection: string): AwaitedPage {
  const asked = wholeCopy(row)
  const { space, $s, version, floors } = asked
  const before = floors?.[collection] ?? ZERO
  const deleted = new Map<string, Version>()
  let heard: Standing = asked
  /** Where those ranges began and ended. */
  const ends = new Map<Version, Seal>([[version, asked.seal]])
  let reached = (_: Version) => {}
  return {
    before,
    reaches: (head) =>
      new Promise((resolve) => {
        reached = (version) => void (version >= head && resolve())
        reached(heard.version)
      }),
    hear(range) {
      if (range.space !== space) return
      reached(range.to)
      if (judge(heard, range) !== 'news' || deleted.size + ends.size > KEPT_MAX) return
      heard = standingAfter(range)
      ends.set(heard.version, heard.seal)
      for (const change of range.changes) if (change.c === collection && 'del' in change) deleted.set(change.id, change.v)
    },
    async take(unit, stage, { docs, floor, head, seal }, isHeld) {
      const copy = wholeCopy(await unit.copy(space), $s)
      const present = copy.floors?.[collection] ?? ZERO
      // Another tab was faster.
      if (present !== before) return { added: 0, floor: present }
      if (head > copy.version) return 'ahead'
      const isKept = ends.get(copy.version) === copy.seal
      if (head < version || (head < copy.version && !isKept)) return 'stale'
      const passed = head === copy.version ? copy.seal : ends.get(head)
      if (!passed && !isHeld) return 'unproven'
      if (passed && passed !== seal) return 'stale'
      const plain = (await unit.outbox()).length === 0
      const table = tableOf(space, collection)
      const changes: Slots = new Map()
      const take = async ({ id, put, v, b = v }: OlderPage['docs'][number]) => {
        if ((deleted.get(id) ?? 0) > head) return
        const slot = await readSlot(unit, slotOf($s, table, id), plain)
        if ((slot.at?.v ?? 0) < v) changes.set(slot.key, { ...slot, at: { doc: put, v, b } })
      }
      await Promise.all(docs.map(take))
      unit.set('copies', space, { ...copy, floors: { ...copy.floors, [collection]: floor } } satisfies CopyRow)
      await layUnder(unit, stage, space, changes, plain)
      return { added: changes.size, floor }
    },
  }
}

/** The copy, if it is whole and still the one of that `$s`. Throws UnavailableError. */
function wholeCopy(row: CopyRow | undefined, $s = row?.$s): CopyRow {
  if (isWhole(row) && row.$s === $s) return row
  throw new UnavailableError('this space is not whole here: ask again when its status says so')
}
