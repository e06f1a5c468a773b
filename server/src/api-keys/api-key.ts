import { createHash } from 'node:crypto'
import { isUserId, type Random } from '@tidemark/shared'
import * as v from 'valibot'
import { isScope, type Scope } from './scope.ts'

/** What is kept of a key: nothing that gives it back. */
export interface ApiKeyRecord {
  /** 16 hex digits, the first part of the key; stands in lists and logs. */
  readonly id: string
  /** SHA-256 of the secret as 64 hex digits. A fast hash does: nobody guesses 256 random bits. */
  readonly secretSha256: string
  /** All that the key does is inside this tenant. */
  readonly tenant: string
  /** What it is for. Keys of one name share their idempotency keys, so that a key can be exchanged without repeating anything. */
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdMs: number
  /** From when on it is refused, in ms since the epoch; undefined: never. */
  readonly expiresAtMs?: number | undefined
  /** When it was taken back, in ms since the epoch; such a key is refused whatever the time. */
  readonly revokedAtMs?: number | undefined
}

const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)))
const name = v.custom<string>(isUserId, '1 to 128 of A-Z a-z 0-9 . _ ~ -')
const timeMs = v.pipe(v.number(), v.minValue(0))

export const apiKeyRecord: v.GenericSchema<unknown, ApiKeyRecord> = v.object({
  id: hex(16),
  secretSha256: hex(64),
  tenant: name,
  name,
  scopes: v.array(v.custom<Scope>(isScope, 'no scope')),
  createdMs: timeMs,
  expiresAtMs: v.optional(timeMs),
  revokedAtMs: v.optional(timeMs),
})

const SECRET_BYTES = 32
const ID_BYTES = 8
const KEY = /^tm_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

/** A key that nobody had before, `tm_{id}_{secret}`, and its record. The key itself is in no other place: show it once. */
export function newApiKey(
  random: Random,
  of: Pick<ApiKeyRecord, 'tenant' | 'name' | 'scopes' | 'createdMs' | 'expiresAtMs'>,
): { readonly key: string; readonly record: ApiKeyRecord } {
  const id = Buffer.from(random.bytes(ID_BYTES)).toString('hex')
  const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')
  return { key: `tm_${id}_${secret}`, record: { id, secretSha256: digestOf(secret).toString('hex'), ...of } }
}

/** Both parts of a key; undefined for what is none. */
export function partsOf(key: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = KEY.exec(key) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
