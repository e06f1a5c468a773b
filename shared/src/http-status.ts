import type { ErrorCode, SyncError } from './errors.ts'

/** Every code, with the HTTP status that it has. */
export const STATUSES: Readonly<Record<ErrorCode, number>> = {
  'bad-request': 400,
  unauthenticated: 401,
  'token-expired': 401,
  forbidden: 403,
  'not-found': 404,
  rejected: 422,
  'rate-limited': 429,
  unavailable: 503,
  'out-of-order': 409,
  'client-conflict': 409,
  'key-conflict': 409,
  'outcome-unknown': 409,
  gone: 410,
  'too-large': 413,
  invalid: 422,
  'upgrade-required': 426,
  internal: 500,
}

/** The HTTP status of an error; a WebSocket closes with 4000 + it. Source: protocol §9. */
export function httpStatus({ code }: SyncError): number {
  return STATUSES[code]
}
