import * as v from 'valibot'

/** How far a space has come. 0 = the empty space; it only grows, by one a commit; only the server gives one out. Source: protocol §2. */
export type Version = number & { readonly unit: 'version' }

export const version = v.pipe(v.number(), v.safeInteger(), v.minValue(0)) as unknown as v.GenericSchema<unknown, Version>

/** Names a number that is known to be a version. Throws a RangeError for anything that never was one. */
export function toVersion(n: number): Version {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`${n} is no version: versions are 0, 1, 2 ...`)
  return n as Version
}

export const ZERO = 0 as Version

/** The version that the next commit after `current` takes. */
export function next(current: Version): Version {
  return (current + 1) as Version
}
