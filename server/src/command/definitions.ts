import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { App } from '@tidemark/shared'
import { type AccessRules, assertAccessRules, ownerOnly } from '../backend/access.ts'
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

/** Loads the app's module. Throws SettingsError, in one line that names the file, where it throws or what it exports is not enough; `withStack` adds the stack. */
export async function definitionsIn(module: string, { withStack = false }: { withStack?: boolean } = {}): Promise<Definitions> {
  const file = resolve(module)
  let loaded: Partial<Record<'app' | 'access' | 'authenticate', unknown>>
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (error) {
    const stack = error instanceof Error ? error.stack : undefined
    throw new SettingsError(`${file} could not be loaded: ${saidBy(error)}${placeIn(stack, file)}`, withStack ? stack : undefined)
  }
  const { app, access, authenticate } = loaded
  if (!isApp(app)) throw new SettingsError(`${file} must export \`app\`, what defineApp({ ... }) returns.`)
  if (access !== undefined && (typeof access !== 'object' || access === null))
    throw new SettingsError(`${file}: \`access\` must hold one rule a kind, such as { room: () => 'write' }.`)
  if (authenticate !== undefined && typeof authenticate !== 'function')
    throw new SettingsError(`${file}: \`authenticate\` must be a function of a token, such as jwt({ ... }).`)
  if (access !== undefined) assertAccess(file, app, access as AccessRules)
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

/** A rule for each kind, and none besides. */
function assertAccess(file: string, app: App, access: AccessRules): void {
  try {
    assertAccessRules(app, access)
  } catch (error) {
    throw error instanceof TypeError ? new SettingsError(`${file}: ${error.message}`) : error
  }
}

function saidBy(error: unknown): string {
  if (!(error instanceof Error)) return String(error).split('\n')[0] ?? ''
  const line = error.message.split('\n')[0] ?? ''
  return 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND' ? line : `${error.name}: ${line}`
}

/** Where in the module it was thrown, or else where first of all, as ` (app.ts:3:7)`; nothing where the stack does not say. */
function placeIn(stack: string | undefined, file: string): string {
  const places = [...(stack ?? '').matchAll(/(file:\/\/[^\s()]+?)((?::\d+){1,2})(?=[\s)]|$)/g)]
  const own = pathToFileURL(file).href
  const [, href, at] = places.find(([, href]) => href === own) ?? places[0] ?? []
  return href === undefined ? '' : ` (${fileURLToPath(href)}${at})`
}
