import { signToken } from '@tidemark/server'

/** Signs the tokens of a benchmark; it guards nothing. */
export const SECRET = 'measured on loopback, for a minute'
const TOKEN_S = 3600

export function tokenFor(user: string): Promise<string> {
  return signToken({ secret: SECRET, user, nowMs: Date.now(), expiresInS: TOKEN_S })
}
