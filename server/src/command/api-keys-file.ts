import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ApiKeyRecord } from '../api-keys/api-key.ts'
import { readRecords } from '../api-keys/api-keys.ts'

/** Where `tidemark keys` and `tidemark serve` keep API keys: beside the data, readable by its owner alone. */
export function apiKeysFileIn(data: string): string {
  return join(data, 'api-keys.json')
}

/** What the file says now, read again when it changed; no file, no keys. Throws what keeps it from being read: then no key is good. */
export function apiKeysFrom(file: string): () => readonly ApiKeyRecord[] {
  let read: { readonly stamp: string; readonly records: readonly ApiKeyRecord[] } | undefined
  return () => {
    const stamp = stampOf(file)
    if (stamp === undefined) return NONE
    if (read?.stamp !== stamp) read = { stamp, records: readApiKeys(file) }
    return read.records
  }
}

const NONE: readonly ApiKeyRecord[] = []

/** Throws Error, saying what to do, for a file that is not one of keys. */
export function readApiKeys(file: string): readonly ApiKeyRecord[] {
  if (stampOf(file) === undefined) return NONE
  try {
    const { keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys?: unknown }
    return readRecords(keys)
  } catch (cause) {
    throw new Error(`${file} cannot be read as API keys: put a backup in its place, or delete it and make new keys.`, { cause })
  }
}

/**
 * Changes the file as one: after a crash it is the old one or the new one. One writer at a time: the file that is about to take its
 * place is also the lock. Throws Error where another writer is under way.
 */
export function changeApiKeys(file: string, change: (records: readonly ApiKeyRecord[]) => readonly ApiKeyRecord[]): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const next = `${file}.new`
  const handle = openLock(next)
  try {
    writeFileSync(handle, `${JSON.stringify({ keys: change(readApiKeys(file)) }, null, 2)}\n`)
    fsyncSync(handle)
    renameSync(next, file)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
  flushFolder(dirname(file))
}

function openLock(next: string): number {
  try {
    return openSync(next, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new Error(`Another \`tidemark keys\` changes the keys now. Try again; if there is none, delete ${next}.`)
  }
}

/** Changes whenever the file does; undefined where there is none. */
function stampOf(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found && `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
}

function flushFolder(folder: string): void {
  // Windows cannot open a folder to flush it, and does not need to.
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
