import { BadRequestError } from './errors.ts'

/**
 * What a value that came in must be like. Gives back what this build knows of it (unknown fields are left out), or throws
 * BadRequestError, which names the first place that is wrong.
 */
export type Schema<T> = (value: unknown, place: string) => T
export type Infer<S> = S extends Schema<infer T> ? T : never

type Entries = Readonly<Record<string, Schema<unknown>>>
type OptionalKey<E extends Entries> = { [K in keyof E]: undefined extends Infer<E[K]> ? K : never }[keyof E]
type ObjectOf<E extends Entries> = { [K in Exclude<keyof E, OptionalKey<E>>]: Infer<E[K]> } & { [K in OptionalKey<E>]?: Infer<E[K]> }

/** A value that passes `check`. */
export function checked<T>(check: (value: unknown) => boolean, fault: string): Schema<T> {
  return (value, place) => {
    if (!check(value)) throw new BadRequestError(`${place}: ${fault}`)
    return value as T
  }
}

export const text: Schema<string> = checked((it) => typeof it === 'string', 'no text')
export const number: Schema<number> = checked(Number.isFinite, 'no number')
export const boolean: Schema<boolean> = checked((it) => typeof it === 'boolean', 'neither true nor false')
const anyList: Schema<readonly unknown[]> = checked(Array.isArray, 'no list')
const anyObject: Schema<Readonly<Record<string, unknown>>> = checked(
  (it) => typeof it === 'object' && it !== null && !Array.isArray(it),
  'no object',
)

export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return (value, place) => (value === undefined ? undefined : schema(value, place))
}

export function list<T>(item: Schema<T>): Schema<T[]> {
  return (value, place) => anyList(value, place).map((it, at) => item(it, `${place}[${at}]`))
}

/** An object with these fields. */
export function object<E extends Entries>(entries: E): Schema<ObjectOf<E>> {
  return (value, place) => {
    const fields = anyObject(value, place)
    const known: Record<string, unknown> = {}
    for (const [key, schema] of Object.entries(entries)) {
      const field = schema(Object.hasOwn(fields, key) ? fields[key] : undefined, `${place}.${key}`)
      if (field !== undefined) known[key] = field
    }
    return known as ObjectOf<E>
  }
}

/** An object from names to values of one kind. */
export function objectOf<T>(name: Schema<string>, item: Schema<T>): Schema<Record<string, T>> {
  return (value, place) =>
    Object.fromEntries(Object.entries(anyObject(value, place)).map(([key, it]) => [name(key, place), item(it, `${place}.${key}`)]))
}
