import { TAIL_MS } from '@tidemark/shared'
import { HELLOS_PER_S, PULLS_PER_S, RESTART_MS } from '../admission.ts'
import { CLOCK_TOLERANCE_S, CLOCK_TOLERANCE_S_MAX, KEEP_LOG_COMMITS_MIN } from '../backend/bounds.ts'
import { JWT_ALGORITHMS, type JwtAlgorithm } from '../backend/jwt.ts'
import { clientAddress, THIS_MACHINE } from '../http/client-address.ts'
import { assertOrigins, SAME_ORIGIN } from '../http/origins.ts'
import { address, file, folder, type Kind, list, oneOf, onOff, text, wholeNumber } from './kind.ts'

/** All that `tidemark serve` can be told. What each means stands in SETTINGS. */
export interface Settings {
  readonly module: string | undefined
  readonly port: number
  readonly host: string
  readonly data: string
  readonly page: string | undefined
  readonly origins: readonly string[]
  readonly proxies: readonly string[]
  readonly secret: string | undefined
  readonly oldSecret: string | undefined
  readonly jwksUrl: string | undefined
  readonly algorithms: readonly JwtAlgorithm[] | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly userClaim: string
  readonly tenantClaim: string | undefined
  readonly clockToleranceS: number
  readonly hellosPerS: number
  readonly pullsPerS: number
  readonly restartS: number
  readonly keepLogDays: number | undefined
  readonly keepLogCommits: number | undefined
  readonly keepDeletionsDays: number | undefined
  readonly log: (typeof LOG_LEVELS)[number]
  readonly json: boolean
  readonly dev: boolean
  readonly anonymous: boolean
  readonly config: string | undefined
}

/** From where a setting may come, first the one that counts most. */
export type Source = 'flag' | 'env' | 'file'

export interface Setting<T> {
  readonly kind: Kind<NonNullable<T>>
  readonly fallback: T
  readonly help: string
  /** All three where nothing is said. */
  readonly from?: readonly Source[]
  /** A name of its variable that other programs use too. */
  readonly envAlso?: string
  /** A path: in the file it is meant from the file's folder. */
  readonly isPath?: true
  /** Never repeated in an error. */
  readonly isSecret?: true
  /** Instead of a flag, it is the argument of the command. */
  readonly isArgument?: true
}

const ENV_OR_FILE = ['env', 'file'] as const
const SECRET_BYTES_MIN = 32
const DAYS_MAX = 36_500
const COMMITS_MAX = 1_000_000_000
const PER_S_MAX = 1_000_000
const RESTART_S_MAX = 3600
/** For so long clients keep what was settled, to offer it again [M6]. */
const TAIL_DAYS = TAIL_MS / (24 * 3_600_000)
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const secret: Kind<string> = {
  ...text,
  needed: `a secret of at least ${SECRET_BYTES_MIN} bytes`,
  is: (value): value is string => typeof value === 'string' && Buffer.byteLength(value) >= SECRET_BYTES_MIN,
}
/** What this check does not throw at. */
function passing(check: (value: string) => void): Kind<string> {
  return {
    ...text,
    is(value): value is string {
      try {
        check(value as string)
        return true
      } catch {
        return false
      }
    },
  }
}

const origin = passing((value) => assertOrigins([value]))
const proxy = passing((value) => void clientAddress([value]))

/** Every setting there is, in the order in which help and documentation show them. Names of flags and variables follow from the keys. */
export const SETTINGS: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  module: { kind: file, fallback: undefined, help: "the app's module", isPath: true, isArgument: true },
  port: { kind: wholeNumber(0, 65_535), fallback: 8787, help: 'where to listen; 0 takes a free port', envAlso: 'PORT' },
  host: { kind: text, fallback: '127.0.0.1', help: 'the address to listen on; 0.0.0.0 for other machines too', envAlso: 'HOST' },
  data: { kind: folder, fallback: './data', help: 'where everything is kept', isPath: true },
  page: { kind: folder, fallback: undefined, help: 'a built page to serve beside the API', isPath: true },
  origins: {
    kind: list(origin, 'a list of origins such as https://app.example'),
    fallback: [SAME_ORIGIN],
    help: 'pages that may use this server; on loopback --dev adds loopback: pages of this machine at any port',
  },
  proxies: {
    kind: list(proxy, 'a list of addresses such as 10.0.0.0/8'),
    fallback: THIS_MACHINE,
    help: 'proxies in front, which say who their client is (X-Forwarded-For)',
  },
  secret: { kind: secret, fallback: undefined, help: 'what tokens are signed with (HS256)', from: ENV_OR_FILE, isSecret: true },
  oldSecret: {
    kind: secret,
    fallback: undefined,
    help: 'one that still counts while it is being replaced',
    from: ENV_OR_FILE,
    isSecret: true,
  },
  jwksUrl: { kind: address, fallback: undefined, help: 'where the issuer of tokens publishes its keys' },
  algorithms: {
    kind: list(oneOf(...(JWT_ALGORITHMS as readonly JwtAlgorithm[]))),
    fallback: undefined,
    help: 'the only ones that count; HS256 where there is a secret alone',
  },
  issuer: { kind: text, fallback: undefined, help: 'who must have made a token (iss)' },
  audience: { kind: text, fallback: undefined, help: 'for whom a token must be made (aud)' },
  userClaim: { kind: text, fallback: 'sub', help: 'the claim that names the user' },
  tenantClaim: { kind: text, fallback: undefined, help: 'the claim that names the tenant; without it tenant, or the tenant default' },
  clockToleranceS: {
    kind: wholeNumber(0, CLOCK_TOLERANCE_S_MAX),
    fallback: CLOCK_TOLERANCE_S,
    help: "how far the issuer's clock may be off, in seconds",
  },
  hellosPerS: {
    kind: wholeNumber(1, PER_S_MAX),
    fallback: HELLOS_PER_S,
    help: 'live connections welcomed a second: who would wait for long is told when to come again',
  },
  pullsPerS: { kind: wholeNumber(1, PER_S_MAX), fallback: PULLS_PER_S, help: 'pulls answered a second; the others likewise' },
  restartS: {
    kind: wholeNumber(0, RESTART_S_MAX),
    fallback: RESTART_MS / 1000,
    help: 'from the end of this process to the next one that listens, in seconds: no client comes back earlier',
  },
  keepLogDays: {
    kind: wholeNumber(1, DAYS_MAX),
    fallback: undefined,
    help: 'how long changes stay in the log: whoever was away for less takes just what is missing; 30, and never more than deletions',
  },
  keepLogCommits: {
    kind: wholeNumber(KEEP_LOG_COMMITS_MIN, COMMITS_MAX),
    fallback: undefined,
    help: 'the most commits of one space that stay in the log; 10000',
  },
  keepDeletionsDays: {
    kind: wholeNumber(TAIL_DAYS, DAYS_MAX),
    fallback: undefined,
    help: 'how long deletions are known: whoever was away for longer begins anew; 90',
  },
  log: { kind: oneOf(...LOG_LEVELS), fallback: 'warn', help: 'from which level on events are logged, as JSON on stderr' },
  json: { kind: onOff, fallback: false, help: 'say everything as one JSON object a line', from: ['flag', 'env'] },
  dev: { kind: onOff, fallback: false, help: 'anyone signs in under any name: for development only', from: ['flag'] },
  anonymous: { kind: onOff, fallback: false, help: 'whoever asks gets a token for an hour, under a name made by chance' },
  config: { kind: file, fallback: undefined, help: 'the file of settings; tidemark.json where there is one', from: ['flag', 'env'] },
}

export const KEYS: readonly (keyof Settings)[] = Object.keys(SETTINGS) as (keyof Settings)[]

export function comesFrom(key: keyof Settings, source: Source): boolean {
  const { from, isArgument } = SETTINGS[key]
  return isArgument === true ? source !== 'env' : (from?.includes(source) ?? true)
}

/** `jwksUrl` is `jwks-url` on the command line, without the dashes before it. */
export function flagOf(key: keyof Settings): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** `jwksUrl` is TIDEMARK_JWKS_URL; names that count more come first. */
export function variablesOf(key: keyof Settings): readonly string[] {
  const { envAlso } = SETTINGS[key]
  const own = `TIDEMARK_${flagOf(key).replaceAll('-', '_').toUpperCase()}`
  return envAlso === undefined ? [own] : [own, envAlso]
}
