/**
 * What stands for a letter in what people write around a filter: digits and signs that look like it, and letters of other scripts that
 * cannot be told from it. A word of the list is taken as it is spelled; only what is said is read this way. Source: the guide on moderation.
 */
export const STAND_INS: Readonly<Record<string, string>> = {
  a: '4@а',
  c: 'с',
  e: '3€е',
  i: '1!|і',
  j: 'ј',
  l: '1!|',
  o: '0оο',
  p: 'р',
  s: '5$ѕ',
  t: '7',
  x: 'х',
  y: 'у',
  а: 'a4@',
  е: 'e3€',
  і: 'i1!|',
  о: 'o0',
  р: 'p',
  с: 'c',
  у: 'y',
  х: 'x',
}

const shapes = shapesOf(Object.entries(STAND_INS))
/** For each unit that has a shape in common with others its number, from 1 on; then whether number a may be read as number b, by `a * 64 + b`. */
const numbers = new Uint8Array(0x10000)
const readings = new Uint8Array(64 * 64)
for (const [at, one] of [...shapes.keys()].entries()) numbers[one] = at + 1
for (const [letter, others] of Object.entries(STAND_INS))
  for (const other of others) readings[(numbers[unit(other)] as number) * 64 + (numbers[unit(letter)] as number)] = 1

/** One unit for all that may be read as one another, such as `i`, `l`, `1` and `!`: what the automaton knows of a unit. */
export function shapeOf(of: number): number {
  return shapes.get(of) ?? of
}

/** Whether what was said may be read as this unit of a word. */
export function readsAs(said: number, word: number): boolean {
  return said === word || readings[(numbers[said] as number) * 64 + (numbers[word] as number)] === 1
}

function shapesOf(pairs: readonly (readonly [string, string])[]): ReadonlyMap<number, number> {
  const shape = new Map<number, number>()
  for (const [letter, others] of pairs) {
    const all = new Set(Array.from(letter + others, (one) => shape.get(unit(one)) ?? unit(one)))
    const [first = 0] = all
    for (const [one, its] of shape) if (all.has(its)) shape.set(one, first)
    for (const one of all) shape.set(one, first)
  }
  return shape
}

function unit(letter: string): number {
  return letter.charCodeAt(0)
}
