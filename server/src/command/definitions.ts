import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { App } from '@tidemark/shared'
import { type AccessRules, ownerOnly } from '../backend/access.ts'
import type { Authenticate } from '../backend/jwt.ts'
import { SettingsError } from './settings-error.ts'

/** What the app's module gives the server. */
export interface Definitions {
  readonly app: App
  readonly access: AccessRules
  /** Undefined where settings say who a token stands for. */
  readonly authenticate: Authenticate | undefined
  /** It exports no rules of its own: every space is its owner's alone. */
  readonly isOwnerOnly: boolean
}

/** Loads the app's module. Throws SettingsError where what it exports is not enough. */
export async function definitionsIn(module: string): Promise<Definitions> {
  const file = resolve(module)
  let loaded: Partial<Record<'app' | 'access' | 'authenticate', unknown>>
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
    throw new SettingsError(
      `${file} could not be loaded: ${missing ? error.message.split('\n')[0] : error instanceof Error ? error.stack : error}`,
    )
  }
  const { app, access, authenticate } = loaded
  if (!isApp(app)) throw new SettingsError(`${file} must export \`app\`, what defineApp({ ... }) returns.`)
  if (access !== undefined && (typeof access !== 'object' || access === null))
    throw new SettingsError(`${file}: \`access\` must hold one rule a kind, such as { room: () => 'write' }.`)
  if (authenticate !== undefined && typeof authenticate !== 'function')
    throw new SettingsError(`${file}: \`authenticate\` must be a function of a token, such as jwt({ ... }).`)
  const owners = Object.fromEntries(Object.keys(app.spaces).map((kind) => [kind, ownerOnly]))
  return {
    app,
    access: (access as AccessRules | undefined) ?? owners,
    authenticate: authenticate as Authenticate | undefined,
    isOwnerOnly: access === undefined,
  }
}

function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && 'spaces' in value && typeof value.spaces === 'object' && value.spaces !== null
}
