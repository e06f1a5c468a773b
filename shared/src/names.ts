import * as v from 'valibot'
import { isReserved } from './space-id.ts'

const COLLECTION = /^(?!constructor$|prototype$)[a-z][A-Za-z0-9_]{0,63}$/
/** 1 to 128 UTF-16 units without control characters or lone surrogates (the `u` flag makes \p{Cs} see them). */
const DOCUMENT = /^(?!(?:__proto__|constructor|prototype)$)[^\p{Cc}\p{Cs}]+$/u
const CLIENT = /^c_[A-Za-z0-9_-]{22}$/
const NONCE = /^[0-9a-f]{16}$/

/** A collection's name. Source: protocol §2. */
export const collectionName = v.pipe(v.string(), v.regex(COLLECTION))
/** A document's id. Source: protocol §2. */
export const documentId = v.pipe(v.string(), v.maxLength(128), v.regex(DOCUMENT))
/** `c_` and 22 characters of base64url, one per replica. Source: protocol §2. */
export const clientId = v.pipe(v.string(), v.regex(CLIENT))
/** 16 random hex digits, one per mutation: two devices with one client id are told apart by it. Source: protocol §2. */
export const nonce = v.pipe(v.string(), v.regex(NONCE))

export function isCollectionName(text: unknown): text is string {
  return typeof text === 'string' && COLLECTION.test(text)
}

export function isDocumentId(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 128 && DOCUMENT.test(text)
}

export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && NONCE.test(text)
}

export function isClientId(text: unknown): text is string {
  return typeof text === 'string' && CLIENT.test(text)
}

/** A user as a token names one: what may also stand as a space's name, so that `user:{id}` exists for everyone. */
export function isUserId(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9._~-]{1,128}$/.test(text) && !isReserved(text)
}
