/** A block has so many rows, on average. */
const ROWS_A_BLOCK = 50

interface Row {
  readonly $id: string
}
export interface Block<R> {
  readonly key: string
  readonly rows: readonly R[]
}

/**
 * A list, in any order, cut into blocks. A block begins at each row whose id says so, so that whatever comes, goes or moves changes
 * the one or two blocks around it, and all others stay as they were.
 */
export function blocksOf<R extends Row>(rows: readonly R[]): readonly Block<R>[] {
  const blocks: { key: string; rows: R[] }[] = []
  for (const row of rows) {
    const last = blocks.at(-1)
    if (last && !begins(row.$id)) last.rows.push(row)
    else blocks.push({ key: row.$id, rows: [row] })
  }
  return blocks
}

export function isSameBlock<R>(a: Block<R>, b: Block<R>): boolean {
  return a.rows.length === b.rows.length && a.rows.every((row, at) => row === b.rows[at])
}

function begins(id: string): boolean {
  let hash = 0
  for (let at = 0; at < id.length; at++) hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0
  return (hash >>> 0) % ROWS_A_BLOCK === 0
}
