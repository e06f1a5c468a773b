import { resolve } from 'node:path'
import { pino } from 'pino'
import { sqliteChangelog } from '../changelog/sqlite/sqlite-changelog.ts'
import { LOOPBACK, type Origins } from '../http/origins.ts'
import { sqliteLaneStore } from '../lanes/sqlite/sqlite-lane-store.ts'
import { isLoopbackAddress } from '../loopback-host.ts'
import { systemRandom } from '../platform/system-random.ts'
import { type Listening, serve } from '../serve.ts'
import { createSyncServer } from '../sync-server.ts'
import { apiKeysFileIn, apiKeysFrom } from './api-keys-file.ts'
import { definitionsIn } from './definitions.ts'
import { keptSecret } from './kept-secret.ts'
import { retentionIn } from './retention.ts'
import { SettingsError } from './settings-error.ts'
import { SETTINGS, type Settings } from './settings-table.ts'
import { signInOf } from './sign-in.ts'
import type { Voice } from './voice.ts'

/** Serves the app that the settings name, and says so. Throws SettingsError, or what keeps it from listening. */
export async function start(settings: Settings, voice: Voice): Promise<Listening> {
  const { module, page, proxies } = settings
  if (module === undefined) throw new SettingsError("The app's module is missing: tidemark serve app.ts; tidemark serve --help tells more.")
  const { app, access, authenticate, isOwnerOnly } = await definitionsIn(module, {
    withStack: settings.log === 'debug' || settings.log === 'trace',
  })
  const log = pino({ level: settings.log, base: null }, pino.destination({ dest: 2, sync: true }))
  const data = resolve(settings.data)
  const signIn = signInOf(settings, { authenticate, log, devSecret: () => keptSecret(data, 'dev-secret', systemRandom) })
  if (isOwnerOnly) voice.warning(`${module} exports no \`access\`: every space is its owner's alone, as user:alice is alice's.`)
  if (settings.jwksUrl !== undefined && settings.audience === undefined)
    voice.warning('Without --audience, tokens count that the same issuer made for other apps.')
  if (signIn.dev !== undefined && !isLoopbackAddress(settings.host))
    voice.warning(`--dev on ${settings.host}: whoever reaches this machine signs in under any name.`)
  const retention = retentionIn(settings)
  const database = resolve(data, 'tidemark.db')
  const changelog = sqliteChangelog(database)
  try {
    const server = createSyncServer({
      app,
      access,
      changelog,
      authenticate: signIn.authenticate,
      apiKeys: apiKeysFrom(apiKeysFileIn(data)),
      origins: originsIn(settings),
      proxies,
      retention,
      lanes: { store: sqliteLaneStore(resolve(data, 'tidemark-lanes.db')) },
      gateway: { hellosPerS: settings.hellosPerS },
      pullsPerS: settings.pullsPerS,
      restartMs: settings.restartS * 1000,
      log,
      ...(page === undefined ? {} : { page: resolve(page) }),
      ...(settings.anonymous ? { anonymous: { secret: keptSecret(data, 'anonymous-secret', systemRandom) } } : {}),
      ...(signIn.dev === undefined ? {} : { dev: signIn.dev }),
    })
    const listening = await serve(server, settings)
    voice.listening({
      url: listening.url,
      port: listening.port,
      data: database,
      signIn: settings.anonymous ? `${signIn.told}, or a name made by chance` : signIn.told,
    })
    return listening
  } catch (error) {
    await changelog.close()
    throw error
  }
}

/** In development, where none are named, also pages that this machine serves: that of Vite has a port of its own. */
function originsIn({ origins, dev, host }: Settings): Origins {
  return dev && origins === SETTINGS.origins.fallback && isLoopbackAddress(host) ? [...origins, LOOPBACK] : origins
}
