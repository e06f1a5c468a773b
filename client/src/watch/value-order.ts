/** Missing, null, booleans, numbers, texts, lists, objects: where IndexedDB orders them, in its order. */
export function kindOfValue(value: unknown): number {
  if (value === undefined) return 0
  if (value === null) return 1
  if (Array.isArray(value)) return 5
  if (typeof value === 'object') return 6
  return ['boolean', 'number', 'string'].indexOf(typeof value) + 2
}

/** A total order of what can stand in a field. Texts go by their UTF-16 units, lists by their items; all objects are equal in it. */
export function compareValues(a: unknown, b: unknown): number {
  const kind = kindOfValue(a)
  const kinds = kind - kindOfValue(b)
  if (kinds !== 0 || kind < 2 || kind === 6) return kinds
  if (kind < 5) return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
  const [left, right] = [a as readonly unknown[], b as readonly unknown[]]
  for (let at = 0; at < left.length && at < right.length; at++) {
    const order = compareValues(left[at], right[at])
    if (order !== 0) return order
  }
  return left.length - right.length
}
