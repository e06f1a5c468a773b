import { readFileSync, statSync } from 'node:fs'
import { SettingsError } from './settings-error.ts'

/** The file that is read where none is named. */
export const CONFIG_FILE = 'tidemark.json'
const BYTES_MAX = 262_144

export interface ConfigFile {
  readonly path: string
  readonly values: Readonly<Record<string, unknown>>
  /** Others on this machine can read it. */
  readonly isOpen: boolean
}

/** The settings in a file. Undefined where none was named and there is none. Throws SettingsError; what the file says, which may be secret, is never repeated. */
export function readConfigFile(named: string | undefined): ConfigFile | undefined {
  const path = named ?? CONFIG_FILE
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined && named === undefined) return undefined
  if (!found?.isFile()) throw new SettingsError(`${path}: there is no such file of settings.`)
  if (found.size > BYTES_MAX) throw new SettingsError(`${path}: at most ${BYTES_MAX} bytes are read.`)
  const values = parsed(path, readFileSync(path, 'utf8'))
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new SettingsError(`${path}: a JSON object is needed, such as {"port":8787}.`)
  return { path, values: values as Record<string, unknown>, isOpen: process.platform !== 'win32' && (found.mode & 0o077) !== 0 }
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Without the engine's own words: they show a piece of the text.
    throw new SettingsError(`${path}: this is not JSON.`)
  }
}
