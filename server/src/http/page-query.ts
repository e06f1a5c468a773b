import { BadRequestError, PAGE_BYTES_MAX, PAGE_CHANGES_DEFAULT, PAGE_CHANGES_MAX } from '@tidemark/shared'
import type { RangeBounds } from '../backend/backend.ts'

/** Throws BadRequestError, which names the parameter. */
export function wholeNumber(name: string, text: string | undefined): number {
  const number = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw new BadRequestError(`${name}: a whole number is required`)
  return number
}

/** What a page may hold, by `limit`. Throws BadRequestError. Source: protocol §4. */
export function pageBounds(limit: string | undefined): RangeBounds {
  const changesMax = limit === undefined ? PAGE_CHANGES_DEFAULT : wholeNumber('limit', limit)
  if (changesMax < 1) throw new BadRequestError('limit: at least 1')
  return { changesMax: Math.min(changesMax, PAGE_CHANGES_MAX), bytesMax: PAGE_BYTES_MAX }
}
