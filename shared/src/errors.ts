import * as v from 'valibot'

/** Every code of the protocol with its HTTP status, and whether the same request may succeed later. Source: protocol §9. */
const CODES = {
  'bad-request': { http: 400, retryable: false },
  unauthenticated: { http: 401, retryable: false },
  'token-expired': { http: 401, retryable: true },
  forbidden: { http: 403, retryable: false },
  'not-found': { http: 404, retryable: false },
  rejected: { http: 422, retryable: false },
  'rate-limited': { http: 429, retryable: true },
  unavailable: { http: 503, retryable: true },
  'out-of-order': { http: 409, retryable: true },
  'client-conflict': { http: 409, retryable: false },
  'outcome-unknown': { http: 409, retryable: false },
  gone: { http: 410, retryable: false },
  'too-large': { http: 413, retryable: false },
  invalid: { http: 422, retryable: false },
  'upgrade-required': { http: 426, retryable: false },
  internal: { http: 500, retryable: true },
} as const

export type ErrorCode = keyof typeof CODES

/** The codes with which an ack may refuse a mutation for good; every other one means that it was not run. Source: protocol [M3]. */
export const REFUSALS: readonly ErrorCode[] = ['invalid', 'rejected', 'forbidden', 'not-found', 'too-large', 'outcome-unknown']

/** An error as the wire writes it; `code` stays a text, so that a code which a later server invents is read as what it says. */
export const wireError = v.object({
  code: v.string(),
  message: v.string(),
  retryable: v.optional(v.boolean(), false),
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
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = new.target.name
    this.code = code
    this.retryable = CODES[code].retryable
    this.afterMs = detail.afterMs
    this.expected = detail.expected
    this.n = detail.n
  }

  /** The HTTP status of this code; a WebSocket closes with 4000 + it. */
  get status(): number {
    return CODES[this.code].http
  }

  toWire(): WireError {
    const { code, message, retryable, afterMs, expected, n } = this
    return {
      code,
      message,
      retryable,
      ...(afterMs === undefined ? {} : { afterMs }),
      ...(expected === undefined ? {} : { expected }),
      ...(n === undefined ? {} : { n }),
    }
  }
}

/** A frame, body or parameter that cannot be read. Remedy: send what the protocol's page shows. */
export class BadRequestError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('bad-request', message, detail)
  }
}
/** No token, or one that does not verify. Remedy: sign in again. */
export class UnauthenticatedError extends SyncError {
  constructor(message = 'The token is missing or does not verify: sign in again.', detail?: ErrorDetail) {
    super('unauthenticated', message, detail)
  }
}
/** Remedy: fetch a fresh token. */
export class TokenExpiredError extends SyncError {
  constructor(message = 'The token has expired: fetch a fresh one.', detail?: ErrorDetail) {
    super('token-expired', message, detail)
  }
}
/** The rules do not allow it. Remedy: none for this user. */
export class ForbiddenError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('forbidden', message, detail)
  }
}
/** No such kind, collection, mutator or route. Remedy: check the name, and that both ends run the same app version. */
export class NotFoundError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('not-found', message, detail)
  }
}
/** The app's mutator said no, or an id is taken. Remedy: show it to the person. */
export class RejectedError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('rejected', message, detail)
  }
}
/** Too much from here. Remedy: wait `afterMs`. */
export class RateLimitedError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('rate-limited', message, detail)
  }
}
/** The server cannot serve it now. Remedy: try again, later. */
export class UnavailableError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('unavailable', message, detail)
  }
}
/** A mutation came before the one that is next. Remedy: send again, from `expected`. */
export class OutOfOrderError extends SyncError {
  constructor(n: number, expected: number) {
    super('out-of-order', `mutation ${n} came, ${expected} is next`, { n, expected })
  }
}
/** This client id belongs to another user or another history. Remedy: go on under a new client id. */
export class ClientConflictError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('client-conflict', message, detail)
  }
}
/** The mutation was done longer ago than the record reaches. Remedy: show it to the person, who knows whether it took effect. */
export class OutcomeUnknownError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('outcome-unknown', message, detail)
  }
}
/** It was here and is not kept any more. Remedy: ask by version instead. */
export class GoneError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('gone', message, detail)
  }
}
/** Past a limit; the message names it. Remedy: split it. */
export class TooLargeError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('too-large', message, detail)
  }
}
/** Arguments or a document fail their schema. Remedy: the message names the field. */
export class InvalidError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('invalid', message, detail)
  }
}
/** The client is older than what is still served. Remedy: load the new version of the app. */
export class UpgradeRequiredError extends SyncError {
  constructor(message: string, detail?: ErrorDetail) {
    super('upgrade-required', message, detail)
  }
}
/** A fault of the server's. Remedy: try again; its log tells more. */
export class InternalError extends SyncError {
  constructor(message = 'The server failed at this. Its log tells more.', detail?: ErrorDetail) {
    super('internal', message, detail)
  }
}

/** The class for each code: what makes an error of the wire an error of this side. */
const CLASSES: Record<Exclude<ErrorCode, 'out-of-order'>, new (message: string, detail?: ErrorDetail) => SyncError> = {
  'bad-request': BadRequestError,
  unauthenticated: UnauthenticatedError,
  'token-expired': TokenExpiredError,
  forbidden: ForbiddenError,
  'not-found': NotFoundError,
  rejected: RejectedError,
  'rate-limited': RateLimitedError,
  unavailable: UnavailableError,
  'client-conflict': ClientConflictError,
  'outcome-unknown': OutcomeUnknownError,
  gone: GoneError,
  'too-large': TooLargeError,
  invalid: InvalidError,
  'upgrade-required': UpgradeRequiredError,
  internal: InternalError,
}

/** The error that a wire error stands for. A code that this build does not know counts as `internal`: try again later. */
export function errorFromWire(wire: WireError): SyncError {
  if (wire.code === 'out-of-order') return new OutOfOrderError(wire.n ?? 0, wire.expected ?? 0)
  const known = Object.hasOwn(CLASSES, wire.code) ? CLASSES[wire.code as keyof typeof CLASSES] : InternalError
  return new known(wire.message, wire)
}
