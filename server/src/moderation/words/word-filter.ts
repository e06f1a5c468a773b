import { type ListedWord, WORD_LENGTH_MAX } from '@tidemark/shared'
import { Automaton, type CompiledWord } from './automaton.ts'
import { foldedCharacter, foldedUnit, IGNORED, isAlphabetic, isDigit, LONGER, SEPARATOR, shapeOfUnit } from './folded-units.ts'
import { readsAs } from './stand-ins.ts'

/** What a text holds, and of what to do the most cautious: hold, then drop, then mask. `word` as it is listed: the first that asks for it. */
export type Found =
  | { readonly action: 'hold' | 'drop'; readonly word: string }
  /** `text`: with an asterisk for each code point of the words that are to be masked. */
  | { readonly action: 'mask'; readonly word: string; readonly text: string }

/** Code units of a word's memory: a power of two. */
const MEMORY = WORD_LENGTH_MAX
const RANK = { mask: 1, drop: 2, hold: 3 } as const

/** Finds the words of a list in texts, in one pass over each. */
export class WordFilter {
  readonly #automaton: Automaton
  // What was read last: the units as they were said, where each began, how many separators had come, and whether it goes on a word.
  readonly #said = new Uint16Array(MEMORY)
  readonly #began = new Int32Array(MEMORY)
  readonly #separators = new Int32Array(MEMORY)
  readonly #goesOn = new Uint8Array(MEMORY)

  private constructor(automaton: Automaton) {
    this.#automaton = automaton
  }

  /** Comes up for air now and then. What folds to nothing, or to too much, is left out. */
  static *build(listed: Iterable<Pick<ListedWord, 'word' | 'action'>>): Generator<undefined, WordFilter> {
    const words: CompiledWord[] = []
    for (const one of listed) {
      const folded = Array.from(one.word, (character) => foldedCharacter(character.codePointAt(0) as number) ?? '').join('')
      if (folded !== '' && folded.length <= WORD_LENGTH_MAX)
        words.push({ listed: one, units: Uint16Array.from({ length: folded.length }, (_, at) => folded.charCodeAt(at)) })
      if (words.length % FOLD_STEP_WORDS === 0) yield
    }
    return new WordFilter(yield* Automaton.build(words))
  }

  /** undefined where it holds none of the words. */
  find(text: string): Found | undefined {
    const automaton = this.#automaton
    let state = 0
    let count = 0
    let separators = 0
    let isJoined = false
    let found: CompiledWord | undefined
    let rank = 0
    let digits = 0
    let masked: Span[] | undefined
    for (let at = 0; at < text.length; ) {
      const began = at
      let unit = foldedUnit(text.charCodeAt(at++))
      if (unit === IGNORED) continue
      let rest = ''
      if (unit === LONGER) {
        const code = text.codePointAt(began) as number
        if (code > 0xffff) at += 1
        const folded = foldedCharacter(code)
        if (folded === '') continue
        if (folded === undefined) unit = SEPARATOR
        else {
          unit = folded.charCodeAt(0)
          rest = folded.slice(1)
        }
      }
      if (unit === SEPARATOR) {
        separators += 1
        isJoined = false
        continue
      }
      for (;;) {
        const place = count & (MEMORY - 1)
        const isOfWord = isAlphabetic(unit)
        this.#said[place] = unit
        this.#began[place] = began
        this.#separators[place] = separators
        this.#goesOn[place] = isJoined && isOfWord ? 1 : 0
        isJoined = isOfWord
        count += 1
        digits = isDigit(unit) ? digits + 1 : 0
        state = automaton.step(state, shapeOfUnit(unit))
        let ending = automaton.ending(state)
        // What a longer word masks needs no shorter one.
        for (let isMasked = false; ending !== 0; ending = automaton.shorter(ending)) {
          for (let index = automaton.firstWord(ending); index >= 0; index = automaton.nextWord(index)) {
            const word = automaton.words[index] as CompiledWord
            const { action } = word.listed
            const isMore = RANK[action] > rank
            if (!isMore && (action !== 'mask' || rank > RANK.mask || isMasked)) continue
            if (!this.#isSaid(word.units, { count, separators, digits }, () => goesOn(text, at, rest, isOfWord))) continue
            if (action === 'hold') return { action, word: word.listed.word }
            if (isMore) {
              found = word
              rank = RANK[action]
            }
            if (action !== 'mask') continue
            isMasked = true
            masked ??= []
            addSpan(masked, this.#began[(count - word.units.length) & (MEMORY - 1)] as number, at)
          }
        }
        if (rest === '') break
        unit = rest.charCodeAt(0)
        rest = rest.slice(1)
      }
    }
    if (found === undefined) return undefined
    const { word, action } = found.listed
    return action === 'mask' ? { action, word, text: withMasked(text, masked ?? []) } : { action: action as 'drop', word }
  }

  /** Whether what was read last really is this word: each unit may be read as the word's, and it is no chance of digits, blanks and word ends. */
  #isSaid(units: Uint16Array, { count, separators, digits }: Read, goesOnAfter: () => boolean): boolean {
    const from = count - units.length
    // 455 people are no word.
    const mustBeEqual = digits >= units.length
    for (let at = units.length - 1; at >= 0; at--) {
      const said = this.#said[(from + at) & (MEMORY - 1)] as number
      const unit = units[at] as number
      if (said !== unit && (mustBeEqual || !readsAs(said, unit))) return false
    }
    const first = from & (MEMORY - 1)
    // "f u c k" is one, "push it" holds none.
    return this.#separators[first] === separators || (this.#goesOn[first] === 0 && !goesOnAfter())
  }
}

/** How many units and separators have come, and how many digits last. */
interface Read {
  readonly count: number
  readonly separators: number
  readonly digits: number
}

/** Words folded between two breaths of a build. */
const FOLD_STEP_WORDS = 200

/** Whether the word that has been read up to `at` goes on there; `rest`: of what the last character folds to. */
function goesOn(text: string, at: number, rest: string, isOfWord: boolean): boolean {
  if (!isOfWord) return false
  if (rest !== '') return isAlphabetic(rest.charCodeAt(0))
  for (let next = at; next < text.length; ) {
    const code = text.codePointAt(next) as number
    const folded = foldedCharacter(code)
    if (folded === undefined) return false
    if (folded !== '') return isAlphabetic(folded.charCodeAt(0))
    next += code > 0xffff ? 2 : 1
  }
  return false
}

/** From and up to where in the text. */
type Span = [from: number, to: number]

/** Adds a span that ends no earlier than those before it. */
function addSpan(spans: Span[], from: number, to: number): void {
  let first = from
  for (let last = spans.at(-1); last !== undefined && last[1] >= first; last = spans.at(-1)) {
    first = Math.min(first, last[0])
    spans.pop()
  }
  spans.push([first, to])
}

function withMasked(text: string, spans: readonly Span[]): string {
  let masked = ''
  let done = 0
  for (const [from, to] of spans) {
    let end = to
    // Accents on its last letter are of the word.
    while (end < text.length && isIgnoredAt(text, end)) end += widthAt(text, end)
    masked += text.slice(done, from) + '*'.repeat([...text.slice(from, end)].length)
    done = end
  }
  return masked + text.slice(done)
}

function isIgnoredAt(text: string, at: number): boolean {
  return foldedCharacter(text.codePointAt(at) as number) === ''
}

function widthAt(text: string, at: number): number {
  return (text.codePointAt(at) as number) > 0xffff ? 2 : 1
}
