import { describe, expect, it } from 'vitest'
import { BadRequestError, errorFromWire, InternalError, OutOfOrderError, RateLimitedError, SyncError } from './errors.ts'
import { httpStatus } from './http-status.ts'
import { toWire } from './to-wire.ts'

const statuses = {
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
  'outcome-unknown': 409,
  gone: 410,
  'too-large': 413,
  invalid: 422,
  'upgrade-required': 426,
  internal: 500,
}

describe('errors, §9', () => {
  it.each(Object.entries(statuses))('%s has status %i and comes back from the wire as itself', (code, status) => {
    const error = errorFromWire({ code, message: 'why', retryable: false })
    expect(error).toBeInstanceOf(SyncError)
    expect([error.code, httpStatus(error), error.name]).toEqual([code, status, error.constructor.name])
    expect(errorFromWire(toWire(error))).toEqual(error)
  })

  it('carries afterMs, expected and n over the wire', () => {
    expect(toWire(new RateLimitedError('slower', { afterMs: 500 }))).toEqual({
      code: 'rate-limited',
      message: 'slower',
      retryable: true,
      afterMs: 500,
    })
    const outOfOrder = new OutOfOrderError('mutation 7 came, 5 is next', { n: 7, expected: 5 })
    expect(errorFromWire(toWire(outOfOrder))).toMatchObject({ code: 'out-of-order', n: 7, expected: 5 })
  })

  it('reads a code of a later protocol as internal, to try again', () => {
    expect(errorFromWire({ code: 'brand-new', message: 'x', retryable: false })).toBeInstanceOf(InternalError)
    expect(errorFromWire({ code: 'constructor', message: 'x', retryable: false })).toBeInstanceOf(InternalError)
  })

  it('keeps its cause for the log and off the wire', () => {
    const error = new BadRequestError('not JSON', { cause: new Error('secret') })
    expect(JSON.stringify(toWire(error))).not.toContain('secret')
  })
})
