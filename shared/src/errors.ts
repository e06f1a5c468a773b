import * as v from 'valibot'

/** Every code of the protocol. Source: protocol §9. */
export type ErrorCode =
  | 'bad-request'
  | 'unauthenticated'
  | 'token-expired'
  | 'forbidden'
  | 'not-found'
  | 'rejected'
  | 'rate-limited'
  | 'unavailable'
  | 'out-of-order'
  | 'client-conflict'
  | 'key-conflict'
  | 'outcome-unknown'
  | 'gone'
  | 'too-large'
  | 'invalid'
  | 'upgrade-required'
  | 'internal'

/** The codes after which the same request may succeed later. */
const RETRYABLE: readonly ErrorCode[] = ['token-expired', 'rate-limited', 'unavailable', 'out-of-order', 'internal']

/** The codes with which an ack may refuse a mutation for good; every other one means that it was not run. Source: protocol [M3]. */
export const REFUSALS: readonly ErrorCode[] = ['invalid', 'rejected', 'forbidden', 'not-found', 'too-large', 'outcome-unknown']

/** An error as the wire writes it; `code` stays a text, so that a code which a later server invents is read as what it says. */
export const wireError = v.object({
  code: v.string(),
  message: v.string(),
  retryable: v.optional(v.boolean()),
  afterMs: v.optional(v.number()),
  expected: v.optional(v.number()),
  n: v.optional(v.number()),
})
export type WireError = v.InferOutput<typeof wireError>
/** What a request that failed is answered with. */
export const errorBody = v.object({ error: wireError })

export interface ErrorDetail {
  /** Try again no earlier than after this many ms. */
  readonly afterMs?: number | undefined
  /** With `out-of-order`: the mutation number that is next. */
  readonly expected?: number | undefined
  /** The mutation at which a batch stopped. */
  readonly n?: number | undefined
  readonly cause?: unknown
}

/** The base of all errors of Tidemark. Programs branch on `code`, never on the text. */
export class SyncError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly afterMs: number | undefined
  readonly expected: number | undefined
  readonly n: number | undefined

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail)
    this.name = new.target.name
    this.code = code
    this.retryable = RETRYABLE.includes(code)
    this.afterMs = detail.afterMs
    this.expected = detail.expected
    this.n = detail.n
  }
}

interface ErrorClass<Args extends readonly unknown[]> {
  new (...args: Args): SyncError
  readonly code: ErrorCode
}

/** The class for one code; `otherwise` is what its errors say where they are given no message. */
function errorOf(code: ErrorCode): ErrorClass<[message: string, detail?: ErrorDetail]>
function errorOf(code: ErrorCode, otherwise: string): ErrorClass<[message?: string, detail?: ErrorDetail]>
/* @__NO_SIDE_EFFECTS__ */
function errorOf(code: ErrorCode, otherwise = '') {
  return class extends SyncError {
    static readonly code: ErrorCode = code
    constructor(message = otherwise, detail?: ErrorDetail) {
      super(code, message, detail)
    }
  }
}

/** A frame, body or parameter that cannot be read. Remedy: send what the protocol's page shows. */
export class BadRequestError extends errorOf('bad-request') {}
/** No token, or one that does not verify. Remedy: sign in again. */
export class UnauthenticatedError extends errorOf('unauthenticated', 'The token is missing or does not verify: sign in again.') {}
/** Remedy: fetch a fresh token. */
export class TokenExpiredError extends errorOf('token-expired', 'The token has expired: fetch a fresh one.') {}
/** The rules do not allow it. Remedy: none for this user. */
export class ForbiddenError extends errorOf('forbidden') {}
/** No such kind, collection, mutator or route. Remedy: check the name, and that both ends run the same app version. */
export class NotFoundError extends errorOf('not-found') {}
/** The app's mutator said no, or an id is taken. Remedy: show it to the person. */
export class RejectedError extends errorOf('rejected') {}
/** Too much from here. Remedy: wait `afterMs`. */
export class RateLimitedError extends errorOf('rate-limited') {}
/** The server cannot serve it now. Remedy: try again, later. */
export class UnavailableError extends errorOf('unavailable') {}
/** A mutation came before the one that is next. Remedy: send again, from `expected`. */
export class OutOfOrderError extends errorOf('out-of-order') {}
/** This client id belongs to another user or another history. Remedy: go on under a new client id. */
export class ClientConflictError extends errorOf('client-conflict') {}
/** This idempotency key stands for another commit. Remedy: a key for each thing that is to be done once. A device never meets it. */
export class KeyConflictError extends errorOf('key-conflict') {}
/** The mutation was done longer ago than the record reaches. Remedy: show it to the person, who knows whether it took effect. */
export class OutcomeUnknownError extends errorOf('outcome-unknown') {}
/** It was here and is not kept any more. Remedy: ask by version instead. */
export class GoneError extends errorOf('gone') {}
/** Past a limit; the message names it. Remedy: split it. */
export class TooLargeError extends errorOf('too-large') {}
/** Arguments or a document fail their schema. Remedy: the message names the field. */
export class InvalidError extends errorOf('invalid') {}
/** The client is older than what is still served. Remedy: load the new version of the app. */
export class UpgradeRequiredError extends errorOf('upgrade-required') {}
/** A fault of the server's. Remedy: try again; its log tells more. */
export class InternalError extends errorOf('internal', 'The server failed; its log tells more.') {}

/** What makes an error of the wire an error of this side. */
const CLASSES = [
  BadRequestError,
  UnauthenticatedError,
  TokenExpiredError,
  ForbiddenError,
  NotFoundError,
  RejectedError,
  RateLimitedError,
  UnavailableError,
  OutOfOrderError,
  ClientConflictError,
  OutcomeUnknownError,
  GoneError,
  TooLargeError,
  InvalidError,
  UpgradeRequiredError,
]

/** The error that a wire error stands for. A code that this build does not know counts as `internal`: try again later. */
export function errorFromWire(wire: WireError): SyncError {
  return new (CLASSES.find(({ code }) => code === wire.code) ?? InternalError)(wire.message, wire)
}

/** True where the token is at fault: a fresh one may be let in. */
export function isAboutToken({ code }: SyncError): boolean {
  return code === 'unauthenticated' || code === 'token-expired'
}
