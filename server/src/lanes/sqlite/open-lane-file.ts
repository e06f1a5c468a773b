import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { migrate } from './lane-schema.ts'

/** How long a statement waits for another process that holds the file, blocking this thread, and with it the log. */
const BUSY_TIMEOUT_MS = 50
const CACHE_KIB = 8192
/** Files up to this size are checked as a whole when they are opened. */
const CHECKED_BYTES_MAX = 64 * 1_048_576
const WAL_BYTES_KEPT_MAX = 16 * 1_048_576

/** Primary result codes: SQLITE_BUSY, SQLITE_LOCKED. */
const LOCKED = new Set([5, 6])
/** SQLITE_ERROR, where our schema is not what it says; SQLITE_CORRUPT, SQLITE_FORMAT, SQLITE_NOTADB. */
const DAMAGED = new Set([1, 11, 24, 26])

/**
 * Opens the file for this process alone, creating folder and file where they are missing. With `synchronous=NORMAL` a commit outlives the
 * process without waiting for the disk, which is the log's. Throws, saying what to do.
 */
export function openLaneFile(file: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true, mode: 0o700 })
    db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, defensive: true })
    // Two engines on one file would give out ticks past each other.
    db.exec('pragma locking_mode = exclusive')
    assertWhole(db, file)
    db.exec('pragma journal_mode = wal; pragma synchronous = normal')
    const mode = db.prepare('pragma journal_mode').get()?.journal_mode
    if (mode !== 'wal') throw new Error(`${file}: SQLite answers journal_mode=${mode} where wal is needed: use a local disk.`)
    migrate(db, file)
    db.exec(`pragma cache_size = -${CACHE_KIB}; pragma journal_size_limit = ${WAL_BYTES_KEPT_MAX}; pragma trusted_schema = off`)
    return db
  } catch (error) {
    db?.close()
    throw explained(file, error)
  }
}

function assertWhole(db: DatabaseSync, file: string): void {
  const bytes = Number(db.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size').get()?.bytes)
  if (bytes > CHECKED_BYTES_MAX) return
  const found = db.prepare('pragma quick_check(1)').get()?.quick_check
  if (found !== 'ok') throw damaged(file, found)
}

function explained(file: string, error: unknown): unknown {
  const code = Number((error as { errcode?: unknown }).errcode) & 0xff
  if (LOCKED.has(code))
    return new Error(`${file} is in use by another process: one server at a time can have it. End the other, or choose another file.`, {
      cause: error,
    })
  return DAMAGED.has(code) ? damaged(file, error) : error
}

function damaged(file: string, cause: unknown): Error {
  return new Error(
    `${file} is damaged, or no database at all. Move it away, ${file}-wal too: rings and archives of lanes go with it, and nothing else.`,
    { cause },
  )
}
