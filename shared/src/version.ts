import * as v from 'valibot'

/** How far a space has come. 0 = the empty space; it only grows, by one a commit; only the server gives one out. Source: protocol §2. */
export type Version = number & { readonly unit: 'version' }

export function isVersion(n: unknown): n is Version {
  return Number.isSafeInteger(n) && (n as number) >= 0
}

export const version = v.custom<Version>(isVersion, 'no version')

/** Names a number that is known to be a version. Throws a RangeError for anything that never was one. */
export function toVersion(n: number): Version {
  if (!isVersion(n)) throw new RangeError(`${n} is no version: versions are 0, 1, 2 ...`)
  return n
}

export const ZERO = 0 as Version

/** The version that the next commit after `current` takes. */
export function next(current: Version): Version {
  return (current + 1) as Version
}
