import { isSpaceId, kindOf, type SpaceId } from '@tidemark/shared'

/** What a key may do, and where: `commit:*`, `commit:room` (every room), `commit:room:42`. */
export type Scope = string

/** What keys can be for. A record with a scope of a later build is read, and that scope allows nothing. */
const ACTIONS = ['commit'] as const
export type Action = (typeof ACTIONS)[number]

/** True for what a scope can look like, of whatever build. */
export function isScope(text: unknown): text is Scope {
  const [, where = ''] = (typeof text === 'string' && /^[a-z]{1,32}:(.+)$/.exec(text)) || []
  return where === '*' || isSpaceId(where)
}

/** True for a scope whose action this build knows. */
export function isKnownScope(text: string): boolean {
  return isScope(text) && ACTIONS.some((action) => text.startsWith(`${action}:`))
}

export function allows(scopes: readonly Scope[], action: Action, space: SpaceId): boolean {
  return scopes.some((scope) => scope === `${action}:*` || scope === `${action}:${kindOf(space)}` || scope === `${action}:${space}`)
}
