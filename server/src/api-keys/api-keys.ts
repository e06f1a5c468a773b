import { timingSafeEqual } from 'node:crypto'
import { type Clock, conform, UnauthenticatedError, UnavailableError, within } from '@tidemark/shared'
import * as v from 'valibot'
import type { Log } from '../observe/log.ts'
import { type ApiKeyRecord, apiKeyRecord, digestOf, partsOf } from './api-key.ts'

/** The keys there are, or where they are looked up at every request: a key that is taken back there is refused at once. */
export type ApiKeys = readonly ApiKeyRecord[] | (() => readonly ApiKeyRecord[] | Promise<readonly ApiKeyRecord[]>)

/** The record of a key. Throws UnauthenticatedError, the same for each key that is not good; UnavailableError where the keys could not be looked up. */
export type CheckApiKey = (key: string) => Promise<ApiKeyRecord>

/** Keys of one server. */
const API_KEYS_MAX = 10_000
/** A look-up that has not answered by then is `unavailable`, in ms. */
const API_KEYS_WITHIN_MS = 5000

/** Stands for a key that is not there, so that looking takes as long. No secret has this digest. */
const NOBODY: ApiKeyRecord = { id: '', secretSha256: '0'.repeat(64), tenant: '', name: '', scopes: [], createdMs: 0, revokedAtMs: 0 }

/** Throws TypeError for a list that is not one of keys; a function is held to that at each look-up. */
export function checkApiKey(keys: ApiKeys, clock: Clock, log: Log): CheckApiKey {
  let known: { readonly from: readonly ApiKeyRecord[]; readonly byId: ReadonlyMap<string, ApiKeyRecord> } | undefined
  const index = (from: readonly ApiKeyRecord[]): ReadonlyMap<string, ApiKeyRecord> => {
    if (known?.from !== from) known = { from, byId: byId(from) }
    return known.byId
  }
  const look = typeof keys === 'function' ? keys : () => keys
  if (typeof keys !== 'function') index(keys)

  return async (key) => {
    const records = await lookUp()
    const { id, secret } = partsOf(key) ?? { id: '', secret: '' }
    const record = records.get(id) ?? NOBODY
    const isRight = timingSafeEqual(digestOf(secret), Buffer.from(record.secretSha256, 'hex'))
    const isOver = record.revokedAtMs !== undefined || clock.nowMs() >= (record.expiresAtMs ?? Number.POSITIVE_INFINITY)
    if (!isRight || isOver) throw new UnauthenticatedError('This API key is not known, or no longer good.')
    return record
  }

  async function lookUp(): Promise<ReadonlyMap<string, ApiKeyRecord>> {
    try {
      const found = await within(
        clock,
        API_KEYS_WITHIN_MS,
        Promise.resolve().then(() => look()),
        () => new Error(`no answer within ${API_KEYS_WITHIN_MS} ms`),
      )
      return index(found)
    } catch (error) {
      log.error({ err: error }, 'API keys could not be looked up: none is good until they can')
      throw new UnavailableError('API keys cannot be checked now. Try again.', { cause: error })
    }
  }
}

function byId(records: readonly ApiKeyRecord[]): ReadonlyMap<string, ApiKeyRecord> {
  const found = new Map(readRecords(records).map((record) => [record.id, record]))
  if (found.size < records.length) throw new TypeError('apiKeys: two records have one id')
  return found
}

/** Records as they come from anywhere. Throws TypeError, naming the first fault. */
export function readRecords(records: unknown): readonly ApiKeyRecord[] {
  try {
    return conform(v.pipe(v.array(apiKeyRecord), v.maxLength(API_KEYS_MAX)), records, 'apiKeys')
  } catch (cause) {
    throw new TypeError(cause instanceof Error ? cause.message : 'apiKeys', { cause })
  }
}
