import type { SeededRandom } from '../simulation/seeded-random.ts'
import { type JsonTree, type Place, placesIn, type TreeObject, treeOf } from './json-tree.ts'
import { DEPTHS, KEYS, LENGTHS, TEXTS, TOKENS } from './nasty.ts'

type Spoil = (place: Place, chance: SeededRandom, all: readonly Place[]) => void

const nested = (depth: number, inside: string, chance: SeededRandom) =>
  chance.chance(0.5)
    ? `${'['.repeat(depth)}${inside}${chance.chance(0.9) ? ']'.repeat(depth) : ''}`
    : `${'{"a":'.repeat(depth)}${inside}${'}'.repeat(depth)}`

const isString = (tree: JsonTree): tree is string => typeof tree === 'string' && tree.startsWith('"')
const isObject = (tree: JsonTree): tree is TreeObject => typeof tree !== 'string' && 'fields' in tree
const quoted = (text: string) => JSON.stringify(text)

/** The short lengths mostly: a fuzzer that only ever sends megabytes finds one thing. */
const lengthFrom = (chance: SeededRandom) => (chance.chance(0.02) ? chance.pick(LENGTHS) : chance.pick(LENGTHS.slice(0, 14)))

const SPOILS: readonly Spoil[] = [
  (place, chance) => place.put(chance.pick(TOKENS)),
  (place, chance) => place.put(quoted(chance.pick(TEXTS))),
  // A nasty text in the middle of a good one.
  ({ tree, put }, chance) => {
    if (!isString(tree)) return put(quoted(chance.pick(TEXTS)))
    const at = chance.between(1, tree.length - 1)
    put(tree.slice(0, at) + quoted(chance.pick(TEXTS)).slice(1, -1) + tree.slice(at))
  },
  ({ tree, put }, chance) => {
    if (typeof tree === 'string') return put(quoted('a'.repeat(lengthFrom(chance))))
    const many = Math.min(2000, lengthFrom(chance))
    if (isObject(tree)) for (let n = 0; n < many; n++) tree.fields.push([quoted(`k${n}`), '0'])
    else for (let n = 0; n < many; n++) tree.items.push(tree.items[0] ?? '0')
  },
  // Something goes, or comes twice.
  ({ tree, put }, chance) => {
    if (typeof tree === 'string') return put('null')
    const list: unknown[] = isObject(tree) ? tree.fields : tree.items
    const at = chance.between(0, list.length - 1)
    if (chance.chance(0.5)) list.splice(at, 1)
    else if (list.length > 0) list.push(list[at])
  },
  // A key of another name, or one more.
  ({ tree, put }, chance) => {
    if (!isObject(tree)) return put(treeOf({ [chance.pick(KEYS)]: 1 }))
    const key = quoted(chance.chance(0.7) ? chance.pick(KEYS) : chance.pick(TEXTS))
    const field = tree.fields[chance.between(0, tree.fields.length - 1)]
    if (field !== undefined && chance.chance(0.5)) field[0] = key
    else tree.fields.push([key, chance.pick(TOKENS)])
  },
  // Another type around the same.
  ({ tree, put }, chance) => put(chance.chance(0.5) ? { items: [tree] } : { fields: [[quoted(chance.pick(KEYS)), tree]] }),
  ({ tree, put }, chance) => put(nested(chance.pick(DEPTHS), typeof tree === 'string' ? tree : '0', chance)),
  // What belongs elsewhere.
  ({ put }, chance, all) => put(structuredClone(chance.pick(all).tree)),
]

/** Spoils so many places of it, each in one of the ways above. */
export function spoilTree(tree: JsonTree, times: number, chance: SeededRandom): JsonTree {
  let whole = tree
  for (let time = 0; time < times; time++) {
    const all = placesIn({
      tree: whole,
      put: (other) => {
        whole = other
      },
    })
    // The root itself is rarely the interesting place.
    chance.pick(SPOILS)(all.length > 1 && chance.chance(0.9) ? chance.pick(all.slice(1)) : (all[0] as Place), chance, all)
  }
  return whole
}
