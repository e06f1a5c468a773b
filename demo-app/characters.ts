/** Code points of a text: what a person roughly counts, and the same number everywhere (UTF-16 units and graphemes are not). */
export function characters(value: string): number {
  let count = 0
  for (const _ of value) count += 1
  return count
}
