import { type Json, sameJson } from '@tidemark/shared'
import type { Condition } from './condition.ts'
import { compareValues, kindOfValue } from './value-order.ts'

function condition<V>(name: string, args: readonly unknown[], holds: (value: V | undefined) => boolean): Condition<V> {
  return { key: name + JSON.stringify(args, named), holds }
}
/** JSON writes null for these, and what asks something else must not be answered the same. */
function named(_: string, value: unknown): unknown {
  return value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? { $: `${value}` } : value
}

/** About order: only values of the same kind are compared, so that what is missing, or null, is neither above nor below anything. */
function compared<V>(name: string, bound: V, fits: (order: number) => boolean): Condition<V> {
  return condition(name, [bound], (value) => kindOfValue(value) === kindOfValue(bound) && fits(compareValues(value, bound)))
}

/** What a plain value in `where` asks for: the same JSON, whatever the order of keys. */
export function equals<V>(expected: V): Condition<V> {
  return condition('=', [expected], (value) => sameJson((value ?? null) as Json, expected as Json) && value !== undefined)
}

export function above<V extends string | number>(bound: V): Condition<V> {
  return compared('>', bound, (order) => order > 0)
}
export function aboveOrEqual<V extends string | number>(bound: V): Condition<V> {
  return compared('>=', bound, (order) => order >= 0)
}
export function below<V extends string | number>(bound: V): Condition<V> {
  return compared('<', bound, (order) => order < 0)
}
export function belowOrEqual<V extends string | number>(bound: V): Condition<V> {
  return compared('<=', bound, (order) => order <= 0)
}
/** From `from` on, up to `to` and without it, as Dexie has it. */
export function between<V extends string | number>(from: V, to: V, withFrom = true, withTo = false): Condition<V> {
  const lower = (withFrom ? aboveOrEqual : above)(from)
  const upper = (withTo ? belowOrEqual : below)(to)
  return condition('between', [lower.key, upper.key], (value) => lower.holds(value) && upper.holds(value))
}
export function startsWith(prefix: string): Condition<string> {
  return condition('startsWith', [prefix], (value) => typeof value === 'string' && value.startsWith(prefix))
}

export function anyOf<const V>(values: readonly V[]): Condition<V> {
  const each = values.map(equals)
  return condition('anyOf', values, (value) => each.some(({ holds }) => holds(value)))
}
/** Also where the field is missing. */
export function noneOf<const V>(values: readonly V[]): Condition<V> {
  return not(anyOf(values))
}
/** Of a value or a condition; also where the field is missing, unless the condition held for that. */
export function not<const V>(what: V | Condition<V>): Condition<V> {
  const denied = isCondition(what) ? what : equals(what)
  return condition('not', [denied.key], (value) => !denied.holds(value))
}
/** The field is there, be it null. */
export function exists<V>(): Condition<V> {
  return condition('exists', [], (value) => value !== undefined)
}
/** A list has this item. */
export function includes<Item>(item: Item): Condition<readonly Item[]> {
  const { holds } = equals(item)
  return condition('includes', [item], (value) => Array.isArray(value) && value.some((each) => holds(each)))
}

/** JSON has no functions. */
export function isCondition<V>(what: unknown): what is Condition<V> {
  return typeof (what as Partial<Condition<V>> | null)?.holds === 'function'
}
