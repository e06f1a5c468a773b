import { DatabaseSync } from 'node:sqlite'
import { CorruptRowError } from '../corrupt-row-error.ts'
import { fromEngine } from './engine-error.ts'
import { assertOurs, hasOurSchema, migrate } from './schema.ts'
import { hasLostTransactions } from './write-ahead-log.ts'

const SQLITE_ERROR = 1
/** How long a statement waits for another process that holds the file (a backup tool, a shell), blocking this thread. */
const BUSY_TIMEOUT_MS = 2000
/** Page cache of one connection. */
const CACHE_KIB = 8192
/** Files up to this size are checked as a whole when they are opened: less than a second. */
const CHECKED_BYTES_MAX = 256 * 1_048_576
/** The write-ahead log is cut back to this after a checkpoint. */
const WAL_BYTES_KEPT_MAX = 64 * 1_048_576

/**
 * Opens the connection that writes, creating the file where it is missing. Throws where durability cannot be had: the file
 * must be in WAL mode with `synchronous=FULL`, so that a commit has reached the disk when it returns.
 */
export function openWriter(file: string, fileBytesMax: number | undefined): DatabaseSync {
  // Before SQLite sees it: it would go on without what it cannot read.
  if (hasLostTransactions(file))
    throw new Error(`${file}-wal is damaged, and what was acknowledged would be lost with it: put a backup in the place of both files.`)
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, defensive: true })
  try {
    // Nothing is written to a file before it is known to be ours, and whole.
    assertOurs(db, file)
    assertWhole(db, file)
    db.exec('pragma journal_mode = wal; pragma synchronous = full')
    assertPragma(db, 'journal_mode', 'wal')
    assertPragma(db, 'synchronous', 2)
    tune(db)
    // Temporary storage holds the pages to which a savepoint goes back: in a file each would be written once more.
    db.exec(`pragma journal_size_limit = ${WAL_BYTES_KEPT_MAX}; pragma temp_store = memory`)
    migrate(db)
    if (!hasOurSchema(db)) throw damaged(file, 'a table or an index is not the one that was made')
    // What an earlier process left: behind its log a new one would begin, and damage could not be told from where it ended.
    copyBack(db)
    if (fileBytesMax !== undefined) limitSize(db, fileBytesMax)
    return db
  } catch (error) {
    db.close()
    throw isDamage(error) ? damaged(file, error) : error
  }
}

/** Opens a connection that only reads; it sees what was committed when its transaction began. */
export function openReader(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, readOnly: true })
  tune(db)
  return db
}

function tune(db: DatabaseSync): void {
  db.exec(`pragma cache_size = -${CACHE_KIB}; pragma cell_size_check = on; pragma trusted_schema = off`)
}

/**
 * Compares the tables with their indexes. A checksum finds a row that was changed; only this finds one whose key was, and that
 * would seem never to have been there.
 */
function assertWhole(db: DatabaseSync, file: string): void {
  const bytes = Number(db.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size').get()?.bytes)
  if (bytes > CHECKED_BYTES_MAX) return
  const found = db.prepare('pragma integrity_check(1)').get()?.integrity_check
  if (found !== 'ok') throw damaged(file, found)
}

/** On a disk that is full the log stays: what it holds can be read all the same. */
function copyBack(db: DatabaseSync): void {
  try {
    db.exec('pragma wal_checkpoint(truncate)')
  } catch (error) {
    if (isDamage(error)) throw error
  }
}

/** Our statements are right: where SQLite takes one for wrong, the schema is not what it says. */
function isDamage(error: unknown): boolean {
  return fromEngine(error, '') instanceof CorruptRowError || (error as { errcode?: unknown }).errcode === SQLITE_ERROR
}

function damaged(file: string, cause: unknown): Error {
  return new Error(`${file} is damaged, or no database at all: put a backup in its place.`, { cause })
}

function limitSize(db: DatabaseSync, fileBytesMax: number): void {
  const pageBytes = Number(db.prepare('pragma page_size').get()?.page_size)
  db.exec(`pragma max_page_count = ${Math.floor(fileBytesMax / pageBytes)}`)
}

function assertPragma(db: DatabaseSync, name: string, expected: string | number): void {
  const found = db.prepare(`pragma ${name}`).get()?.[name]
  if (found !== expected) throw new Error(`SQLite answers ${name}=${found} where ${expected} is needed: use a local disk`)
}
