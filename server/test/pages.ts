import type { JsonObject, Range } from '@tidemark/shared'
import { type BackendWorld, user } from './backend-world.ts'
import type { Copy } from './copy.ts'

const alice = user('alice')
export const ROOM = 'open:1'

/** One page for a copy, by what it states. */
export async function page(world: BackendWorld, copy: Copy, changesMax = 1000, who = alice, space = ROOM): Promise<Range> {
  const range = await world.range(who, space, copy.standing, { changesMax })
  copy.take(range)
  return range
}

/** Pages until nothing lacks. */
export async function catchUp(world: BackendWorld, copy: Copy, changesMax = 1000, who = alice, space = ROOM): Promise<Range[]> {
  const pages: Range[] = []
  for (;;) {
    const range = await page(world, copy, changesMax, who, space)
    pages.push(range)
    if (range.to === range.head && range.seal === copy.standing.seal) return pages
    if (pages.length > 1000) throw new Error('no end')
  }
}

export async function notes(world: BackendWorld, ...docs: [string, JsonObject | undefined][]): Promise<void> {
  for (const [id, doc] of docs)
    await (doc === undefined ? world.delete(alice, ROOM, 'notes', id) : world.put(alice, ROOM, 'notes', id, doc))
}

export const text = (value: string) => ({ text: value })
