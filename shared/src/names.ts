import * as v from 'valibot'
import { isReserved, isSpaceId } from './space-id.ts'

/** A collection's name. Source: protocol §2. */
export function isCollectionName(text: unknown): text is string {
  return typeof text === 'string' && /^[a-z][A-Za-z0-9_]{0,63}$/.test(text) && !isReserved(text)
}

/** 1 to 128 UTF-16 units without control characters or lone surrogates (the `u` flag makes \p{Cs} see them). Source: protocol §2. */
export function isDocumentId(text: unknown): text is string {
  return typeof text === 'string' && text.length <= 128 && /^[^\p{Cc}\p{Cs}]+$/u.test(text) && !isReserved(text)
}

/** 16 random hex digits, one per mutation: two devices with one client id are told apart by it. Source: protocol §2. */
export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{16}$/.test(text)
}

/** `c_` and 22 characters of base64url, one per replica. Source: protocol §2. */
export function isClientId(text: unknown): text is string {
  return typeof text === 'string' && /^c_[A-Za-z0-9_-]{22}$/.test(text)
}

/** A user as a token names one: what may also stand as a space's name, so that `user:{id}` exists for everyone. */
export function isUserId(text: unknown): text is string {
  return typeof text === 'string' && isSpaceId(`user:${text}`)
}

export const collectionName = v.custom<string>(isCollectionName, 'no collection name')
export const documentId = v.custom<string>(isDocumentId, 'no document id')
export const nonce = v.custom<string>(isNonce, 'no nonce')
