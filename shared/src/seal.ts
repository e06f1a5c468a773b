import * as v from 'valibot'
import type { Version } from './version.ts'

/**
 * Proves that both ends mean the same history by a version. At most 96 printable ASCII characters; opaque to a client,
 * which stores it and gives it back. Source: protocol §2.
 */
export type Seal = string & { readonly unit: 'seal' }

export const seal = v.custom<Seal>((text) => typeof text === 'string' && /^[!-~]{0,96}$/.test(text), 'no seal')

/** The seal of version 0, and what the empty text is read as. */
export const EMPTY_SEAL = '00000000' as Seal

/** True when both seals stand for one history at `at`. At version 0 any seal is good, for both ends. Source: protocol §2. */
export function sameSeal(at: Version, a: Seal, b: Seal): boolean {
  return at === 0 || a === b
}

/** The number that the first 8 hex digits of a seal write, as the sum of a beat counts it; 0 where there are none. Source: protocol [B1]. */
export function sealDigits(of: Seal): number {
  return Number.parseInt(/^[0-9a-f]{8}/.exec(of)?.[0] ?? '0', 16)
}

/** True inside a compacted run: the copy is `partial` and must go on compacted. Source: protocol [C2]. */
export function isRunSeal(of: Seal): boolean {
  return of.includes('~')
}
