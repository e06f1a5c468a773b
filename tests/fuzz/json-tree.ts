/**
 * JSON text as a tree. Its leaves and keys are texts, so that it can hold what no value can: a key twice, a number past every double,
 * half a character, a word that is not JSON at all.
 */
export type JsonTree = string | TreeList | TreeObject
export interface TreeList {
  items: JsonTree[]
}
export interface TreeObject {
  fields: [key: string, value: JsonTree][]
}

export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return { items: value.map(treeOf) }
  if (typeof value === 'object' && value !== null)
    return { fields: Object.entries(value).map(([key, item]) => [JSON.stringify(key), treeOf(item)]) }
  return JSON.stringify(value) ?? 'null'
}

export function textOf(tree: JsonTree): string {
  if (typeof tree === 'string') return tree
  if ('items' in tree) return `[${tree.items.map(textOf).join(',')}]`
  return `{${tree.fields.map(([key, value]) => `${key}:${textOf(value)}`).join(',')}}`
}

/** A place in a tree: what stands there, and how to put something else there. */
export interface Place {
  readonly tree: JsonTree
  put(tree: JsonTree): void
}

/** Every place of a tree, its root first; `put` changes what the tree holds. */
export function placesIn(root: Place): Place[] {
  const places = [root]
  for (const { tree } of places) {
    if (typeof tree === 'string') continue
    if ('items' in tree)
      for (const [at, item] of tree.items.entries())
        places.push({
          tree: item,
          put: (other) => {
            tree.items[at] = other
          },
        })
    else
      for (const field of tree.fields)
        places.push({
          tree: field[1],
          put: (other) => {
            field[1] = other
          },
        })
  }
  return places
}

/** The places of fields with one of these names, wherever they stand. */
export function fieldsNamed(root: JsonTree, names: readonly string[]): Place[] {
  const keys = new Set(names.map((name) => JSON.stringify(name)))
  return placesIn({ tree: root, put() {} }).flatMap(({ tree }) =>
    typeof tree === 'string' || 'items' in tree
      ? []
      : tree.fields
          .filter(([key]) => keys.has(key))
          .map((field) => ({
            tree: field[1],
            put: (other: JsonTree) => {
              field[1] = other
            },
          })),
  )
}
