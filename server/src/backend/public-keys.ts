import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose'
import { KEYS_MAX, KEYS_TRIED_MAX } from './bounds.ts'

/** What a token says of the key that signed it. */
export interface KeyHint {
  readonly alg: string
  readonly kid?: string | undefined
}

/** The keys that may have signed a token: those of its algorithm, and of its key id where it names one. */
export type FindKeys = (hint: KeyHint) => Promise<readonly CryptoKey[]>

const KEY_TYPES: readonly unknown[] = ['RSA', 'EC', 'OKP']
const RSA_BITS_MIN = 2048

/**
 * The public keys of a JSON Web Key Set (RFC 7517). What is no public key of a kind that signs tokens is passed over: a symmetric key in a
 * published set would let everyone sign. Throws TypeError for what is no key set.
 */
export function publicKeys(set: unknown): FindKeys {
  const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) throw new TypeError(`not a JSON Web Key Set of at most ${KEYS_MAX} keys`)
  const find = createLocalJWKSet({ keys: keys.filter(isPublic) } as JSONWebKeySet)
  return async ({ alg, kid }) => {
    try {
      return [await find({ alg, ...(kid === undefined ? {} : { kid }) })].filter(isStrong)
    } catch (error) {
      return error instanceof errors.JWKSMultipleMatchingKeys ? await firstOf(error) : []
    }
  }
}

function isPublic(key: unknown): boolean {
  return typeof key === 'object' && key !== null && 'kty' in key && KEY_TYPES.includes(key.kty) && !('d' in key) && !('k' in key)
}

function isStrong({ algorithm }: CryptoKey): boolean {
  return !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= RSA_BITS_MIN
}

async function firstOf(keys: AsyncIterable<CryptoKey>): Promise<readonly CryptoKey[]> {
  const found: CryptoKey[] = []
  for await (const key of keys) {
    if (isStrong(key)) found.push(key)
    if (found.length === KEYS_TRIED_MAX) break
  }
  return found
}
