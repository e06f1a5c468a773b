import type { ListedWord } from '@tidemark/shared'
import { shapeOfUnit } from './folded-units.ts'

/** A word of the list as the automaton holds it. */
export interface CompiledWord {
  readonly listed: Pick<ListedWord, 'word' | 'action'>
  /** What it folds to, 1 to WORD_LENGTH_MAX units. */
  readonly units: Uint16Array
}

/** Units after which a build lets others go on: a few ms of work. */
const BUILD_STEP_UNITS = 5000

/**
 * All words of a list at once, after Aho and Corasick (1975): a state is the longest end of what was read that some word begins with; what
 * it costs to read a unit does not depend on how many words there are. It knows units by their shapes; whoever finds a word holds it
 * against what was said. State 0 is the beginning.
 */
export class Automaton {
  readonly words: readonly CompiledWord[]
  readonly #edges: Edges
  readonly #fail: Int32Array
  readonly #ending: Int32Array
  readonly #first: Int32Array
  readonly #next: Int32Array

  private constructor(
    words: readonly CompiledWord[],
    edges: Edges,
    tables: Readonly<Record<'fail' | 'ending' | 'first' | 'next', Int32Array>>,
  ) {
    this.words = words
    this.#edges = edges
    this.#fail = tables.fail
    this.#ending = tables.ending
    this.#first = tables.first
    this.#next = tables.next
  }

  /** The state after one more unit, given by its shape. */
  step(state: number, shape: number): number {
    for (let from = state; ; from = this.#fail[from] as number) {
      const to = this.#edges.find(from, shape)
      if (to !== 0 || from === 0) return to
    }
  }

  /** The longest word or words that end here: a state to ask firstWord for; 0 where none does. */
  ending(state: number): number {
    return this.#ending[state] as number
  }

  /** The same for shorter ones than those of `state`. */
  shorter(state: number): number {
    return this.#ending[this.#fail[state] as number] as number
  }

  /** Index of a word, -1 after the last. */
  firstWord(ending: number): number {
    return this.#first[ending] as number
  }

  /** Another one of the same shape. */
  nextWord(word: number): number {
    return this.#next[word] as number
  }

  /** Builds one; comes up for air now and then. Words fold to 1 unit and more. */
  static *build(words: readonly CompiledWord[]): Generator<undefined, Automaton> {
    const units = words.reduce((sum, word) => sum + word.units.length, 0)
    const edges = new Edges(units)
    const depth = new Uint8Array(units + 1)
    const parent = new Int32Array(units + 1)
    const shape = new Uint16Array(units + 1)
    const first = new Int32Array(units + 1).fill(-1)
    const next = new Int32Array(words.length).fill(-1)
    let states = 1
    let worked = 0
    for (const [index, word] of words.entries()) {
      let state = 0
      for (const unit of word.units) {
        const its = shapeOfUnit(unit)
        let to = edges.find(state, its)
        if (to === 0) {
          to = states++
          edges.add(state, its, to)
          parent[to] = state
          shape[to] = its
          depth[to] = (depth[state] as number) + 1
        }
        state = to
      }
      next[index] = first[state] as number
      first[state] = index
      worked += word.units.length
      if (worked >= BUILD_STEP_UNITS) {
        worked = 0
        yield
      }
    }

    const fail = new Int32Array(states)
    const ending = new Int32Array(states)
    for (const [at, state] of byDepth(depth, states).entries()) {
      let to = 0
      if ((depth[state] as number) > 1)
        for (let from = fail[parent[state] as number] as number; ; from = fail[from] as number) {
          to = edges.find(from, shape[state] as number)
          if (to !== 0 || from === 0) break
        }
      fail[state] = to
      ending[state] = (first[state] as number) >= 0 ? state : (ending[to] as number)
      if (at % BUILD_STEP_UNITS === BUILD_STEP_UNITS - 1) yield
    }
    return new Automaton(words, edges, { fail, ending, first, next })
  }
}

/** All states but the first, those nearer to the beginning before those farther off. */
function byDepth(depth: Uint8Array, states: number): Int32Array {
  const starts = new Int32Array(257)
  for (let state = 1; state < states; state++) (starts[(depth[state] as number) + 1] as number)++
  for (let at = 1; at < starts.length; at++) starts[at] = (starts[at] as number) + (starts[at - 1] as number)
  const sorted = new Int32Array(states - 1)
  for (let state = 1; state < states; state++) {
    const its = depth[state] as number
    const at = starts[its] as number
    sorted[at] = state
    starts[its] = at + 1
  }
  return sorted
}

/** Which state follows which by what shape: a table with open addressing that is at most half full. 0: none. */
class Edges {
  /** Four numbers each, side by side in memory: from, shape, to, nothing. */
  readonly #table: Int32Array
  readonly #shift: number
  readonly #begins = new Uint8Array(0x10000)

  constructor(edges: number) {
    const bits = Math.max(4, 33 - Math.clz32(edges))
    this.#shift = 32 - bits
    this.#table = new Int32Array(2 ** bits * 4)
  }

  find(from: number, shape: number): number {
    // Most of what is said begins no word.
    if (from === 0 && this.#begins[shape] === 0) return 0
    return this.#table[this.#place(from, shape) + 2] as number
  }

  add(from: number, shape: number, to: number): void {
    const at = this.#place(from, shape)
    this.#table[at] = from
    this.#table[at + 1] = shape
    this.#table[at + 2] = to
    if (from === 0) this.#begins[shape] = 1
  }

  /** Where it is, or would be. */
  #place(from: number, shape: number): number {
    const table = this.#table
    let at = (Math.imul(Math.imul(from, 0x85ebca6b) ^ shape, 0x9e3779b1) >>> this.#shift) << 2
    while (table[at + 2] !== 0 && (table[at] !== from || table[at + 1] !== shape)) at = (at + 4) & (table.length - 1)
    return at
  }
}
