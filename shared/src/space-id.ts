import * as v from 'valibot'

/** `kind` or `kind:name`, such as `user:alice`. The kind selects collections, rules and mutators. Source: protocol §2. */
export type SpaceId = string

const PATTERN = /^[a-z][a-z0-9-]{0,31}(?::[A-Za-z0-9._~-]{1,128})?$/

export function isSpaceId(text: unknown): text is SpaceId {
  return typeof text === 'string' && PATTERN.test(text) && !text.split(':').some(isReserved)
}

export const spaceId = v.custom<SpaceId>(isSpaceId, 'no space id')

/** `room` of `room:42`. */
export function kindOf(space: SpaceId): string {
  const colon = space.indexOf(':')
  return colon < 0 ? space : space.slice(0, colon)
}

/** `42` of `room:42`; the empty text where the id is a kind alone. */
export function nameOf(space: SpaceId): string {
  const colon = space.indexOf(':')
  return colon < 0 ? '' : space.slice(colon + 1)
}

/** Names that mean something to JavaScript objects; never a name, id or key of ours. Source: protocol §2. */
export function isReserved(name: string): boolean {
  return name === '__proto__' || name === 'constructor' || name === 'prototype'
}
