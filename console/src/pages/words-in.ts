/** The words of a pasted list: one a line or with commas between, each once, blanks around them gone; and how many are too long. */
export function wordsIn(text: string, lengthMax: number): { readonly words: readonly string[]; readonly tooLong: number } {
  const all = [...new Set(text.split(/[\n\r,，、;；]+/).map((word) => word.trim()))].filter((word) => word !== '')
  const words = all.filter((word) => word.length <= lengthMax)
  return { words, tooLong: all.length - words.length }
}

/** A list in parts of so many at most. */
export function inParts<T>(list: readonly T[], countMax: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / countMax) }, (_, part) => list.slice(part * countMax, (part + 1) * countMax))
}
