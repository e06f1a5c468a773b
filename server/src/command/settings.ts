import { parseArgs } from 'node:util'

export interface Settings {
  /** The module that exports `app` and `access`. */
  readonly module: string
  readonly dev: boolean
  /** A folder with a built page. */
  readonly page: string | undefined
  readonly port: number
  readonly host: string
  /** The folder for all that is kept. */
  readonly data: string
  /** What tokens are signed with; undefined only in development, where one is made. */
  readonly secret: string | undefined
}

/** Settings that cannot be; the message is one line that says what to change. */
export class SettingsError extends Error {}

export const USAGE = `tidemark serve <module> [--dev] [--page DIR] [--port N] [--host NAME] [--data DIR]

  <module>    exports \`app\` (defineApp) and \`access\` (one rule a kind)
  --dev       anyone signs in under any name: for development only
  --page DIR  serve a built page beside the API

  PORT (8787), HOST (127.0.0.1), TIDEMARK_DATA (./data) stand in for the options.
  TIDEMARK_SECRET: what tokens are signed with (HS256), at least 32 bytes; required without --dev.`

const SECRET_BYTES_MIN = 32

/** What the command line and the environment say. Throws SettingsError. */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const { values, positionals } = parsed(args)
  const [command, module, ...rest] = positionals
  if (command !== 'serve' || module === undefined || rest.length > 0) throw new SettingsError(USAGE)
  const { dev = false, page } = values
  if (dev && env.NODE_ENV === 'production')
    throw new SettingsError('--dev lets anyone sign in under any name, and is refused under NODE_ENV=production.')
  const secret = filled(env.TIDEMARK_SECRET)
  if (secret === undefined && !dev)
    throw new SettingsError('TIDEMARK_SECRET is missing: set it to at least 32 random bytes, or start with --dev to develop.')
  if (secret !== undefined && Buffer.byteLength(secret) < SECRET_BYTES_MIN)
    throw new SettingsError(`TIDEMARK_SECRET has ${Buffer.byteLength(secret)} bytes: at least ${SECRET_BYTES_MIN} are needed.`)
  return {
    module,
    dev,
    page,
    port: readPort(values.port ?? filled(env.PORT) ?? '8787'),
    host: values.host ?? filled(env.HOST) ?? '127.0.0.1',
    data: values.data ?? filled(env.TIDEMARK_DATA) ?? './data',
    secret,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dev: { type: 'boolean' },
        page: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
      },
    })
  } catch (error) {
    throw new SettingsError(`${error instanceof Error ? error.message.split('\n')[0] : error}\n${USAGE}`)
  }
}

function filled(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new SettingsError(`port ${text}: a whole number from 0 to 65535 is needed.`)
  return port
}
