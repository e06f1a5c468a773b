/** Not to be seen, or only on top of another character: accents, zero width, skin tones. The marks of a script's own count as letters, so do Japanese voicing marks. */
const IGNORED = /^(?:\p{Default_Ignorable_Code_Point}|\p{Emoji_Modifier}|(?![\u3099\u309A])(?=\p{Script=Inherited})\p{M})$/u
/** Letters, digits, emoji, and the signs that stand for letters. */
const KEPT = /^[\p{L}\p{N}\p{M}\p{Extended_Pictographic}\p{Regional_Indicator}@$!|€]$/u

/**
 * What the word filter reads of one code point: letters and digits without case, width, accents and the forms that Unicode calls compatible
 * (NFKD), so that `Ｋ`, `ḱ` and `k` are one; `''` for what is not to be seen; undefined for what separates: blanks and punctuation.
 */
export function foldCharacter(character: string): string | undefined {
  if (IGNORED.test(character)) return ''
  const kept = [...character.normalize('NFKD')].filter((part) => KEPT.test(part) && !IGNORED.test(part)).join('')
  // Both ways: what has no small form of its own, such as ß, comes to that of its capital.
  return kept === '' ? undefined : kept.toUpperCase().toLowerCase()
}

/** A word as the filter keeps it; `''` where nothing is left of it. */
export function foldWord(word: string): string {
  return [...word].map((character) => foldCharacter(character) ?? '').join('')
}
