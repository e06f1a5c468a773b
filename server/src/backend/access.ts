import {
  type App,
  type Clock,
  ForbiddenError,
  InternalError,
  type KindOf,
  kindOf,
  MODERATION,
  NotFoundError,
  nameOf,
  type SpaceId,
  within,
} from '@tidemark/shared'
import { hasLanes } from '../moderation/with-moderation.ts'
import type { Log } from '../observe/log.ts'
import type { Principal } from './backend.ts'
import { ACCESS_WITHIN_MS } from './bounds.ts'

/** `admin` reads and writes like `write`, changes what others have created, and is what `tx.isAdmin` tells mutators. */
export type Access = 'none' | 'read' | 'write' | 'admin'
const ANSWERS: readonly unknown[] = ['none', 'read', 'write', 'admin'] satisfies readonly Access[]

export function mayWrite(access: Access): boolean {
  return access === 'write' || access === 'admin'
}

/** What a user may do in a space of one kind. It may ask a database; it is asked again for every range and batch. */
export type AccessRule = (user: string, space: SpaceId, principal: Principal) => Access | Promise<Access>

/** One rule for every kind of the app; and who may look at, and act in, the moderation of its lanes (`read`, `admin`): nobody where there is no rule. */
export type AccessRules<A extends App = App> = { readonly [K in KindOf<A>]: AccessRule } & { readonly [MODERATION]?: AccessRule }

/** A rule for spaces that belong to one user, the one whose name is the space's: `user:alice` is alice's. */
export function ownerOnly(user: string, space: SpaceId): Access {
  return nameOf(space) === user ? 'write' : 'none'
}

/** Throws TypeError where a kind has no rule, or a rule no kind; it says which. */
export function assertAccessRules(app: App, rules: Readonly<Record<string, unknown>>): void {
  for (const kind of Object.keys(app.spaces)) {
    if (!Object.hasOwn(rules, kind) || typeof rules[kind] !== 'function')
      throw new TypeError(`access: add \`${kind}\`, a function of (user, space) that returns 'none', 'read', 'write' or 'admin'`)
  }
  for (const kind of Object.keys(rules)) {
    if (kind === MODERATION && !hasLanes(app)) throw new TypeError('access: `moderation` is of lanes, and the app has none')
    if (kind !== MODERATION && !Object.hasOwn(app.spaces, kind)) throw new TypeError(`access: the app has no space kind ${kind}`)
  }
}

/** A rule that threw, said nonsense or took too long: nothing flows, and nobody is denied for good [B8]. The log was told why. */
export class AccessUndecidedError extends InternalError {
  constructor(cause: unknown) {
    super('Access to this space could not be decided. Try again.', { cause })
  }
}

/** Asks the rule of a space. Throws NotFoundError for an unknown kind, and AccessUndecidedError. */
export type AskAccess = (principal: Principal, space: SpaceId) => Promise<Access>

export function askAccess(rules: Readonly<Record<string, AccessRule>>, clock: Clock, log: Log): AskAccess {
  return async (principal, space) => {
    const kind = kindOf(space)
    const rule = Object.hasOwn(rules, kind) ? rules[kind] : undefined
    if (rule === undefined) throw new NotFoundError(`There is no space kind ${kind}.`)
    try {
      const asked: unknown = rule(principal.user, space, principal)
      const late = () => new Error(`no answer within ${ACCESS_WITHIN_MS} ms`)
      const answer = isPromise(asked) ? await within(clock, ACCESS_WITHIN_MS, asked, late) : asked
      if (ANSWERS.includes(answer)) return answer as Access
      throw new TypeError(`it answered ${String(answer)}; 'none', 'read', 'write' and 'admin' are answers`)
    } catch (error) {
      log.error({ err: error, kind }, 'an access rule failed: nothing flows until it answers')
      throw new AccessUndecidedError(error)
    }
  }
}

function isPromise(answer: unknown): answer is PromiseLike<unknown> {
  return typeof (answer as { readonly then?: unknown } | null | undefined)?.then === 'function'
}

/** The access of a reader. Throws ForbiddenError where there is none, whether the space exists or not. */
export async function assertReadable(ask: AskAccess, principal: Principal, space: SpaceId): Promise<void> {
  if ((await ask(principal, space)) === 'none') throw new ForbiddenError('You may not read this space.')
}
