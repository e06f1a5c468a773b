import { crc32 } from 'node:zlib'

/** What a column can hold. */
export type Cell = string | number | null

/**
 * CRC-32 over a row's columns, its key included, so that a row which lies in another's place fails too. Types count:
 * the number 5 and the text "5" differ.
 */
export function checksumOf(cells: readonly Cell[]): number {
  let text = ''
  let between = ''
  for (const cell of cells) {
    text += between + (typeof cell === 'number' ? `#${cell}` : cell === null ? '~' : `"${cell}`)
    between = '\0'
  }
  return crc32(text)
}
