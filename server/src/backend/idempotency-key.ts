import { createHash } from 'node:crypto'
import { type Json, toJson } from '@tidemark/shared'

/** A key under which something is done once, and a digest of what that is. */
export interface IdempotencyKey {
  /** Whose key it is: the name of an API key, `''` for the server's own code. */
  readonly source: string
  readonly key: string
  readonly digest: string
}

/** A digest of JSON, whatever the order of its keys: not every language keeps that. */
export function digestOfJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(toJson(value, 'it', -8))))
    .digest('base64url')
}

function sorted(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const entries = Object.entries(value as { readonly [key: string]: Json })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]))
}
