import * as v from 'valibot'

/** Answer to POST /v1/anonymous: a token for a user of a name made by chance, and when it ends, in ms since the epoch. Source: protocol §4. */
export const anonymousAnswer = v.object({ token: v.string(), user: v.string(), expiresAtMs: v.number() })
export type AnonymousAnswer = v.InferOutput<typeof anonymousAnswer>
