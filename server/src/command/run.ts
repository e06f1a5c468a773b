import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { App } from '@tidemark/shared'
import { type Logger, pino } from 'pino'
import type { AccessRules } from '../backend/access.ts'
import { jwt, signToken } from '../backend/jwt.ts'
import { sqliteChangelog } from '../changelog/sqlite/sqlite-changelog.ts'
import { systemClock } from '../platform/system-clock.ts'
import { systemRandom } from '../platform/system-random.ts'
import { type Listening, serve } from '../serve.ts'
import { createSyncServer } from '../sync-server.ts'
import { devSecret } from './dev-secret.ts'
import { readSettings, type Settings, SettingsError } from './settings.ts'

/** How long a development token lasts, in seconds. */
const DEV_TOKEN_S = 24 * 3600

/** `tidemark`: serves until a signal ends it. What goes wrong at the start is one line on stderr and exit code 1. */
export async function run(args: readonly string[]): Promise<void> {
  // Before anything that takes time: a signal during the start ends it cleanly too.
  const asked = Promise.withResolvers<void>()
  process.once('SIGTERM', () => asked.resolve())
  process.once('SIGINT', () => asked.resolve())
  const log = pino({ level: process.env.TIDEMARK_LOG ?? 'warn', base: null }, pino.destination({ dest: 2, sync: true }))
  try {
    const settings = readSettings(args, process.env)
    const listening = await start(settings, log)
    for (const line of greeting(settings, listening)) process.stdout.write(`${line}\n`)
    await asked.promise
    await listening.close()
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${explained(error)}\n`)
    process.exit(1)
  }
}

async function start(settings: Settings, log: Logger): Promise<Listening> {
  const { app, access } = await definitions(settings.module)
  const data = resolve(settings.data)
  const secret = settings.secret ?? devSecret(data, systemRandom)
  const changelog = sqliteChangelog(databaseOf(settings))
  try {
    const server = createSyncServer({
      app,
      access,
      changelog,
      authenticate: jwt({ secret, algorithms: ['HS256'] }),
      log,
      ...(settings.page === undefined ? {} : { page: resolve(settings.page) }),
      ...(settings.dev
        ? { dev: { token: (user: string) => signToken({ secret, user, nowMs: systemClock.nowMs(), expiresInS: DEV_TOKEN_S }) } }
        : {}),
    })
    return await serve(server, settings)
  } catch (error) {
    await changelog.close()
    throw error
  }
}

function greeting(settings: Settings, { url }: Listening): readonly string[] {
  return [
    `Tidemark  ${url}`,
    `Data      ${databaseOf(settings)}`,
    settings.dev ? 'Sign-in   development mode: anyone gets in under any name' : 'Sign-in   signed tokens (TIDEMARK_SECRET)',
  ]
}

function databaseOf({ data }: Settings): string {
  return resolve(data, 'tidemark.db')
}

/** What the app's module exports. Throws SettingsError where that is not enough. */
async function definitions(module: string): Promise<{ app: App; access: AccessRules }> {
  const file = resolve(module)
  let loaded: { app?: App; access?: AccessRules }
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw new SettingsError(`${file} could not be loaded: ${missing ? firstLine(error) : error instanceof Error ? error.stack : error}`)
  }
  const { app, access } = loaded
  if (app === undefined || access === undefined) throw new SettingsError(`${file} must export \`app\` and \`access\`.`)
  return { app, access }
}

function explained(error: unknown): string {
  if (error instanceof SettingsError) return error.message
  if (error instanceof Error && 'code' in error) {
    const { code, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string }
    if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or set PORT to another one.`
    if (code === 'EACCES' && port !== undefined) return `Port ${port} may not be used by this user: set PORT to one above 1023.`
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      return `This machine has no address ${address ?? ''}: set HOST to one that it has.`
  }
  return error instanceof Error ? firstLine(error) : String(error)
}

function firstLine(error: Error): string {
  return error.message.split('\n')[0] ?? error.message
}
