import { foldCharacter } from '@tidemark/shared'
import { shapeOf } from './stand-ins.ts'

// What is known of each UTF-16 unit, found out when it is met first: a comment costs no regular expression.

/** Not to be seen. */
export const IGNORED = 1
/** Stands between words. */
export const SEPARATOR = 2
/** Folds to no single unit, or is half of a pair: see foldedCharacter. */
export const LONGER = 3
const folded = new Uint16Array(0x10000)

/** What a unit folds to: IGNORED, SEPARATOR, LONGER, or the one unit. */
export function foldedUnit(unit: number): number {
  const known = folded[unit] as number
  if (known !== 0) return known
  const text = unit >= 0xd800 && unit < 0xe000 ? 'a pair' : foldCharacter(String.fromCharCode(unit))
  const found = text === undefined ? SEPARATOR : text === '' ? IGNORED : text.length === 1 ? text.charCodeAt(0) : LONGER
  folded[unit] = found
  return found
}

/** Code points that are remembered: more than a crowd writes. */
const CHARACTERS_MAX = 10_000
const characters = new Map<number, string | undefined>()

/** What a code point folds to, as foldCharacter says. */
export function foldedCharacter(code: number): string | undefined {
  if (characters.has(code)) return characters.get(code)
  if (characters.size >= CHARACTERS_MAX) characters.clear()
  const text = foldCharacter(String.fromCodePoint(code))
  characters.set(code, text)
  return text
}

const shapes = new Uint16Array(0x10000)

/** shapeOf, remembered. */
export function shapeOfUnit(unit: number): number {
  const known = shapes[unit] as number
  if (known !== 0) return known
  const shape = shapeOf(unit)
  shapes[unit] = shape
  return shape
}

/** Letters and digits of scripts that put blanks between words. */
const ALPHABETIC =
  /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}])[\p{L}\p{N}\p{M}]$/u
/** Common to both kana. */
const KANA_MARKS = [0x3099, 0x309a, 0x30fc]
const alphabetic = new Uint8Array(0x10000)

/** Whether a folded unit is part of a word that has an end: what is in the middle of one is no word of its own. */
export function isAlphabetic(unit: number): boolean {
  const known = alphabetic[unit] as number
  if (known !== 0) return known === 1
  const is = ALPHABETIC.test(String.fromCharCode(unit)) && !KANA_MARKS.includes(unit)
  alphabetic[unit] = is ? 1 : 2
  return is
}

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}
