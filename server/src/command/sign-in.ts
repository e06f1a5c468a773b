import { SyncError } from '@tidemark/shared'
import { type Authenticate, type JwtOptions, jwt, signToken } from '../backend/jwt.ts'
import type { DevSignIn } from '../http/dev-sign-in.ts'
import type { Log } from '../observe/log.ts'
import { systemClock } from '../platform/system-clock.ts'
import { SettingsError } from './settings-error.ts'
import type { Settings } from './settings-table.ts'

/** How long a development token lasts, in seconds. */
const DEV_TOKEN_S = 24 * 3600

export interface SignIn {
  readonly authenticate: Authenticate
  readonly dev: DevSignIn | undefined
  /** For the person who started the server. */
  readonly told: string
}

export interface SignInWorld {
  /** The module's own. */
  readonly authenticate: Authenticate | undefined
  readonly log: Log
  /** What signs development tokens where no secret is set. */
  devSecret(): string
}

/** Who is let in, as settings and module say. Throws SettingsError where nothing says it, or two things do. */
export function signInOf(settings: Settings, { authenticate, log, devSecret }: SignInWorld): SignIn {
  const { secret, jwksUrl, algorithms, dev } = settings
  const isSet = secret !== undefined || jwksUrl !== undefined
  if (authenticate !== undefined && isSet)
    throw new SettingsError(
      `The module exports \`authenticate\`, and ${secret === undefined ? '--jwks-url' : 'TIDEMARK_SECRET'} is set: only one of them can say who a token stands for.`,
    )
  if (algorithms !== undefined && !isSet)
    throw new SettingsError('--algorithms is set, and neither TIDEMARK_SECRET nor --jwks-url is: there is nothing to check tokens by.')
  if (settings.oldSecret !== undefined && secret === undefined)
    throw new SettingsError('TIDEMARK_OLD_SECRET is set, and TIDEMARK_SECRET, which takes its place, is not.')
  const own = authenticate ?? (isSet ? tokens(settings, log) : undefined)
  if (dev) {
    const signed = secret ?? devSecret()
    const developers = jwt({ secret: signed, algorithms: ['HS256'] })
    return {
      authenticate: own === undefined ? developers : either(developers, own),
      dev: { token: (user) => signToken({ secret: signed, user, nowMs: systemClock.nowMs(), expiresInS: DEV_TOKEN_S }) },
      told: 'development mode: anyone gets in under any name',
    }
  }
  if (own === undefined)
    throw new SettingsError(
      'TIDEMARK_SECRET is missing: set it to at least 32 random bytes, or --jwks-url, or export `authenticate`; start with --dev to develop.',
    )
  const told =
    authenticate !== undefined
      ? 'as the module says'
      : `signed tokens (${jwksUrl === undefined ? 'TIDEMARK_SECRET' : new URL(jwksUrl).host})`
  return { authenticate: own, dev: undefined, told }
}

function tokens(settings: Settings, log: Log): Authenticate {
  const { secret, oldSecret, jwksUrl, issuer, audience, userClaim, tenantClaim, clockToleranceS } = settings
  const algorithms = settings.algorithms ?? (jwksUrl === undefined ? (['HS256'] as const) : undefined)
  if (algorithms === undefined)
    throw new SettingsError('--jwks-url needs --algorithms: name the ones that its keys are for, such as RS256.')
  const given: JwtOptions = {
    algorithms,
    ...(secret === undefined ? {} : { secret: oldSecret === undefined ? secret : [secret, oldSecret] }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(tenantClaim === undefined ? {} : { tenantClaim }),
    userClaim,
    clockToleranceS,
    log,
  }
  try {
    return jwt(given)
  } catch (error) {
    throw error instanceof TypeError ? new SettingsError(`Tokens cannot be checked so: ${error.message.replace(/^jwt: /, '')}.`) : error
  }
}

/** The second is asked about what the first does not know. */
function either(first: Authenticate, second: Authenticate): Authenticate {
  return async (token, nowMs) => {
    try {
      return await first(token, nowMs)
    } catch (error) {
      if (error instanceof SyncError && error.code === 'unauthenticated') return second(token, nowMs)
      throw error
    }
  }
}
