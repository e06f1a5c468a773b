import * as v from 'valibot'
import { wireError } from './errors.ts'
import { heads } from './frames/heads.ts'
import { jsonObject } from './json-object.ts'
import { COMMITS_MAX, COMMITS_MUTATIONS_MAX } from './limits.ts'
import { isUserId } from './names.ts'
import { spaceId } from './space-id.ts'

/** 1 to 128 printable characters of ASCII, without blanks, quotes and backslashes. Source: protocol [K1]. */
export function isIdempotencyKey(text: unknown): text is string {
  return typeof text === 'string' && /^[!#-[\]-~]{1,128}$/.test(text)
}

export const idempotencyKey = v.custom<string>(isIdempotencyKey, '1 to 128 printable characters, no blanks or quotes')

export const userId = v.custom<string>(isUserId, '1 to 128 of A-Z a-z 0-9 . _ ~ -')

// Strict, other than frames: a `key` that is misspelt and ignored would do twice what is to be done once.
/** A write by name, of a program that is no client. */
export const write = v.strictObject({ space: spaceId, name: v.string(), args: jsonObject })
/** Some of them, all or none. `user`: who has created what it creates. */
export const commit = v.strictObject({
  key: v.optional(idempotencyKey),
  user: v.optional(userId),
  mutations: v.pipe(v.array(write), v.minLength(1), v.maxLength(COMMITS_MUTATIONS_MAX)),
})
/** The body of POST /v1/commits. Source: protocol §6. */
export const commitsBody = v.strictObject({ commits: v.pipe(v.array(commit), v.minLength(1), v.maxLength(COMMITS_MAX)) })
export type CommitsBody = v.InferOutput<typeof commitsBody>

/** How one of them ended: at the versions `in`, or refused with `error`; `repeated` where its key was known. Source: protocol [K1]. */
export const commitEnd = v.object({ in: v.optional(heads), error: v.optional(wireError), repeated: v.optional(v.literal(true)) })
/** Answer to POST /v1/commits: one end a commit, in their order. */
export const commitsAnswer = v.object({ commits: v.array(commitEnd) })
