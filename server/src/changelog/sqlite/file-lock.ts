import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { FileInUseError } from '../file-in-use-error.ts'

const SQLITE_BUSY = 5
/** How long whoever opens a file waits for a process that is about to end, blocking its thread. */
const ENDING_PROCESS_MS = 500

/**
 * By the file that is locked, one for each changelog that is open: a lock that only its owner knew would end with the next garbage
 * collection where the owner is forgotten.
 */
const held = new Map<string, DatabaseSync>()

/**
 * Takes `file` for whoever calls, until the answer is called or the process ends, in whatever way: what holds is a lock of the operating
 * system, taken by SQLite on `<file>.lock`, which is empty and stays. `<file>.pid` is there for people alone. Throws FileInUseError.
 */
export function lockFile(file: string): () => void {
  // Whoever comes by a link meets whoever came without.
  const real = existsSync(file) ? realpathSync(file) : resolve(file)
  const pidFile = `${real}.pid`
  const lock = held.has(real) ? undefined : locked(`${real}.lock`)
  if (lock === undefined) throw new FileInUseError(file, holderIn(pidFile))
  held.set(real, lock)
  tell(pidFile)
  return () => {
    rmSync(pidFile, { force: true })
    held.delete(real)
    lock.close()
  }
}

/**
 * Undefined where somebody else has it. The file is never opened but by SQLite: on POSIX, closing any handle of it would end every
 * lock that this process has on it.
 */
function locked(lockFile: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(lockFile, { timeout: ENDING_PROCESS_MS })
    // Without a journal on the disk nothing is written: it works on a disk that is full, and a crash leaves nothing behind.
    lock.exec('pragma journal_mode = memory; begin exclusive')
    return lock
  } catch (cause) {
    lock?.close()
    if ((cause as { errcode?: unknown }).errcode === SQLITE_BUSY) return undefined
    throw new Error(`${lockFile} cannot be locked: a folder on a local disk is needed, which this user may write to.`, { cause })
  }
}

function tell(pidFile: string): void {
  try {
    writeFileSync(pidFile, `${process.pid} ${hostname()}\n`, { mode: 0o600 })
  } catch {
    // A disk that is full: the lock holds all the same, and no name is better than one of before.
    rmSync(pidFile, { force: true })
  }
}

/** Containers that share a disk have process ids of their own, so another host is named. */
function holderIn(pidFile: string): string {
  const [, pid, host] = /^(\d+) (\S+)\n$/.exec(read(pidFile)) ?? []
  if (pid === undefined) return 'another process'
  return host === hostname() ? `process ${pid}` : `process ${pid} on ${host}`
}

function read(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8')
  } catch {
    return ''
  }
}
