import { BadRequestError, type SpaceId } from '@tidemark/shared'
import type { Condition } from './condition.ts'
import { equals, isCondition } from './conditions.ts'
import { type DocumentFields, valueAt } from './field.ts'
import { compareValues } from './value-order.ts'

/** What is asked of the documents of one collection of one space. */
export interface Question {
  /** Equal for two that ask the same of the same replica. */
  readonly key: string
  /** The number of the replica: another one's answers are others. */
  readonly replica: number
  readonly space: SpaceId
  readonly collection: string
  /** Asked of this document alone. */
  readonly id?: string | undefined
  readonly tests: readonly Test[]
  readonly order: readonly (readonly [field: string, direction: 'asc' | 'desc'])[]
  /** Infinity where there is none. */
  readonly limit: number
}
/** All that a document has to pass. */
export interface Test {
  readonly key: string
  passes(document: DocumentFields): boolean
}

/** Throws BadRequestError for what asks nothing: a value that is undefined would find everything, or nothing, by accident. */
export function testsOf(conditions: { readonly [field: string]: unknown }): Test[] {
  if (typeof conditions !== 'object' || !conditions) throw new BadRequestError('where: fields are needed')
  return Object.entries(conditions).map(([field, asked]) => {
    if (asked === undefined) throw new BadRequestError(`where: ${field} is undefined; leave it out, or ask not(exists())`)
    const path = pathOf(field)
    const condition: Condition<unknown> = isCondition(asked) ? asked : equals(asked)
    return { key: `${field} ${condition.key}`, passes: (document) => condition.holds(valueAt(document, path)) }
  })
}

const names = new WeakMap<object, number>()
let named = 0
/** The same function makes the same question. */
export function testBy(passes: (document: never) => boolean): Test {
  const name = names.get(passes) ?? ++named
  names.set(passes, name)
  return { key: `filter ${name}`, passes: passes as Test['passes'] }
}

export function questionOf(asked: Omit<Question, 'key'>): Question {
  const { replica, space, collection, id, tests, order, limit } = asked
  return { ...asked, key: JSON.stringify([replica, space, collection, id, tests.map(({ key }) => key).sort(), order, limit]) }
}

/** The order of the answer; no two documents are equal in it. */
export function comparing(order: Question['order']): (a: DocumentFields, b: DocumentFields) => number {
  const steps = order.map(([field, direction]) => ({ path: pathOf(field), sign: direction === 'desc' ? -1 : 1 }))
  return (a, b) => {
    for (const { path, sign } of steps) {
      const order = compareValues(valueAt(a, path), valueAt(b, path))
      if (order !== 0) return order * sign
    }
    return a.$b - b.$b || compareValues(a.$id, b.$id)
  }
}

/** Throws BadRequestError for what is no name of a field. */
export function pathOf(field: string): readonly string[] {
  if (typeof field !== 'string' || field === '') throw new BadRequestError(`${field} is no name of a field`)
  return field.split('.')
}
