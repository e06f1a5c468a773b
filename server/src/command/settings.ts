import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { closest, didYouMean } from './did-you-mean.ts'
import { SettingsError } from './settings-error.ts'
import { comesFrom, flagOf, KEYS, SETTINGS, type Setting, type Settings, variablesOf } from './settings-table.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** Of a wrong value, in an error. */
const SHOWN_CHARACTERS_MAX = 100

export interface ReadSettings {
  readonly settings: Settings
  /** What does not keep the server from starting, and should be looked at. One line each. */
  readonly warnings: readonly string[]
}

/** What flags say, then the environment, then the file, each checked. Throws SettingsError, which names where a wrong value came from. */
export function readSettings(args: readonly string[], env: Env): ReadSettings {
  const flags = readFlags(args)
  const named = settled('config', { flags, env, file: undefined })
  const file = readConfigFile(named)
  const sources = { flags, env, file }
  for (const key of Object.keys(file?.values ?? {})) {
    if (!KEYS.some((known) => known === key && comesFrom(known, 'file'))) throw new SettingsError(strangeKey(file?.path ?? '', key))
  }
  const settings = Object.fromEntries(KEYS.map((key) => [key, settled(key, sources)])) as unknown as Settings
  if (settings.dev && env.NODE_ENV === 'production')
    throw new SettingsError('--dev lets anyone sign in under any name, and is refused under NODE_ENV=production.')
  return { settings, warnings: [...strangeVariables(env), ...openSecrets(file)] }
}

/** One setting by itself, for commands that need no more. Throws SettingsError. */
export function readSetting<K extends keyof Settings>(key: K, env: Env): Settings[K] {
  const file = readConfigFile(settled('config', { flags: new Map(), env, file: undefined }))
  return settled(key, { flags: new Map(), env, file })
}

interface Sources {
  readonly flags: ReadonlyMap<keyof Settings, string>
  readonly env: Env
  readonly file: ConfigFile | undefined
}

function settled<K extends keyof Settings>(key: K, { flags, env, file }: Sources): Settings[K] {
  const setting = SETTINGS[key] as Setting<Settings[K]>
  const checked = (value: unknown, from: string): Settings[K] => {
    if (setting.kind.is(value)) return value
    throw new SettingsError(`${from}: ${setting.kind.needed} is needed.`)
  }
  const shown = (name: string, said: string): string => (setting.isSecret === true ? name : `${name}${said.slice(0, SHOWN_CHARACTERS_MAX)}`)
  const flag = flags.get(key)
  if (flag !== undefined) {
    const name = setting.isArgument === true ? '' : `--${flagOf(key)}`
    return checked(setting.kind.fromText(flag), setting.kind.placeholder === undefined ? name : shown(name, ` ${flag}`).trim())
  }
  for (const name of comesFrom(key, 'env') ? variablesOf(key) : []) {
    const said = env[name]
    // Kubernetes tells of a service called tidemark by TIDEMARK_PORT=tcp://10.0.0.1:8787.
    if (said === undefined || said === '' || said.startsWith('tcp://')) continue
    return checked(setting.kind.fromText(said), shown(name, `=${said}`))
  }
  const stated = file?.values[key]
  if (file === undefined || stated === undefined) return setting.fallback
  const value = checked(stated, shown(`${file.path}: ${key}`, `=${JSON.stringify(stated)}`))
  return setting.isPath === true ? (resolve(dirname(file.path), String(value)) as Settings[K]) : value
}

/** Throws SettingsError for what is no flag, or lacks its value. */
function readFlags(args: readonly string[]): ReadonlyMap<keyof Settings, string> {
  const known = new Map(KEYS.filter((key) => comesFrom(key, 'flag') && SETTINGS[key].isArgument !== true).map((key) => [flagOf(key), key]))
  const options = Object.fromEntries(
    Array.from(known, ([flag, key]) => [
      flag,
      { type: SETTINGS[key].kind.placeholder === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true, allowPositionals: true })
  const flags = new Map<keyof Settings, string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const { rawName, value } = token
    const key = known.get(token.name)
    if (key === undefined) throw new SettingsError(strangeFlag(rawName, [...known.keys()]))
    const isSwitch = SETTINGS[key].kind.placeholder === undefined
    if (isSwitch && value !== undefined) throw new SettingsError(`${rawName} is on or off: it takes no value.`)
    if (!isSwitch && (value === undefined || value === '' || (!token.inlineValue && value.startsWith('-'))))
      throw new SettingsError(`${rawName}: ${SETTINGS[key].kind.needed} is needed after it.`)
    flags.set(key, value ?? 'true')
  }
  const [module, extra] = positionals
  if (extra !== undefined) throw new SettingsError(`${extra}: one module is served, and ${module} is one already.`)
  if (module !== undefined) flags.set('module', module)
  return flags
}

function strangeFlag(rawName: string, known: readonly string[]): string {
  const name = rawName.replace(/^-+/, '')
  const hidden = KEYS.find((key) => flagOf(key) === name)
  if (hidden !== undefined)
    return `${rawName}: a secret on the command line can be seen by others on this machine: set ${variablesOf(hidden)[0]}.`
  return `${rawName} is no option.${meant(didYouMean(name, known), '--')}`
}

function strangeKey(path: string, key: string): string {
  const known = KEYS.filter((each) => comesFrom(each, 'file'))
  const own = KEYS.find((each) => each === key)
  if (own !== undefined) return `${path}: ${key} cannot be set in a file: use --${flagOf(own)}.`
  return `${path}: ${key.slice(0, 64)} is no setting.${meant(didYouMean(key, known))}`
}

/** Variables that look like misspelt ones of ours. Others may belong to something else. */
function strangeVariables(env: Env): readonly string[] {
  const known = KEYS.filter((key) => comesFrom(key, 'env')).flatMap(variablesOf)
  return Object.keys(env)
    .filter((name) => name.startsWith('TIDEMARK_') && !known.includes(name))
    .flatMap((name) => {
      const like = closest(name, known)
      return like === undefined ? [] : [`${name} is no setting.${meant(like)}`]
    })
}

function openSecrets(file: ConfigFile | undefined): readonly string[] {
  const held = KEYS.filter((key) => SETTINGS[key].isSecret === true && file?.values[key] !== undefined)
  if (file === undefined || !file.isOpen || held.length === 0) return []
  return [`${file.path}: others on this machine can read its ${held.join(' and ')}: chmod 600 ${file.path}`]
}

function meant(like: string | undefined, prefix = ''): string {
  return like === undefined ? ' See tidemark serve --help.' : ` Did you mean ${prefix}${like}?`
}
