/** A document as a copy holds it: its fields, and what the replica knows of it beside them. */
export type DocumentFields = {
  readonly [field: string]: unknown
  readonly $id: string
  readonly $b: number
  readonly $s: number
}

/** What stands in a field, by its path: names of objects in objects. undefined where there is none. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  let at = document
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
