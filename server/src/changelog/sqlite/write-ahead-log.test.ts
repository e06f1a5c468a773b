// A log is damaged where SQLite would drop what was flushed, and only torn where it drops what was not.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWriter } from './connection.ts'
import { hasLostTransactions } from './write-ahead-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const HEADER_BYTES = 32
const FRAME_BYTES = 24 + 4096
const TRANSACTIONS = 5

let db: Buffer
let wal: Buffer
/** The same, copied back into the database. */
let copiedBack: Buffer
/** Where each transaction ends. */
let ends: readonly number[]

beforeAll(() => {
  const file = join(folder, 'living.db')
  const living = new DatabaseSync(file)
  living.exec('pragma journal_mode = wal; create table t (id integer primary key, text text) strict; create index by_text on t (text)')
  living.exec('pragma wal_checkpoint(truncate)')
  for (let n = 1; n <= TRANSACTIONS; n++) {
    living.exec('begin')
    for (let row = 0; row < 30; row++) living.prepare('insert into t (text) values (?)').run(`${n} ${row} ${'x'.repeat(200)}`)
    living.exec('commit')
  }
  db = readFileSync(file)
  wal = readFileSync(`${file}-wal`)
  living.exec('pragma wal_checkpoint(passive)')
  copiedBack = readFileSync(file)
  living.close()
  ends = framesOf(wal).flatMap((at) => (wal.readUInt32BE(at + 4) === 0 ? [] : [at + FRAME_BYTES]))
})

const framesOf = (log: Buffer): number[] =>
  Array.from({ length: Math.floor((log.length - HEADER_BYTES) / FRAME_BYTES) }, (_, at) => HEADER_BYTES + at * FRAME_BYTES)

let files = 0
function isDamaged(log: Buffer | undefined, database = db): boolean {
  const file = join(folder, `${files++}.db`)
  writeFileSync(file, database)
  if (log !== undefined) writeFileSync(`${file}-wal`, log)
  return hasLostTransactions(file)
}

function flipped(bytes: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] as number) ^ (1 << bit)
  return copy
}

/** As a machine whose words are the other way round would have written it. */
function bigEndian(log: Buffer): Buffer {
  const other = Buffer.from(log)
  other.writeUInt32BE(log.readUInt32BE(0) | 1, 0)
  const sum: [number, number] = [0, 0]
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      sum[0] = (sum[0] + sum[1] + other.readUInt32BE(at)) >>> 0
      sum[1] = (sum[1] + sum[0] + other.readUInt32BE(at + 4)) >>> 0
    }
  }
  const write = (at: number) => {
    other.writeUInt32BE(sum[0], at)
    other.writeUInt32BE(sum[1], at + 4)
  }
  add(0, 24)
  write(24)
  for (const at of framesOf(other)) {
    add(at, at + 8)
    add(at + 24, at + FRAME_BYTES)
    write(at + 16)
  }
  return other
}

describe('a log that is not damaged', () => {
  it('has nothing behind its end: whole, none, empty, behind an older one, and after it was copied back', () => {
    expect(ends).toHaveLength(TRANSACTIONS)
    expect(isDamaged(wal)).toBe(false)
    expect(isDamaged(wal, copiedBack)).toBe(false)
    expect(isDamaged(undefined)).toBe(false)
    expect(isDamaged(Buffer.alloc(0))).toBe(false)
    expect(isDamaged(wal.subarray(0, HEADER_BYTES))).toBe(false)
    expect(hasLostTransactions(join(folder, 'none.db'))).toBe(false)
    const older = Buffer.from(wal)
    for (const at of framesOf(older)) older.writeUInt32BE(older.readUInt32BE(at + 8) + 1, at + 8)
    expect(isDamaged(Buffer.concat([wal.subarray(0, ends[1]), older.subarray(ends[1])]))).toBe(false)
  })

  it('may be torn anywhere in its last transaction: cut, zeros, any frame of it missing or half', () => {
    const from = ends.at(-2) as number
    for (const at of framesOf(wal).filter((frame) => frame >= from)) {
      for (const within of [0, 7, 24, 2000]) {
        expect(isDamaged(wal.subarray(0, at + within)), `cut at ${at + within}`).toBe(false)
        const half = Buffer.from(wal).fill(0, at + within, at + FRAME_BYTES)
        expect(isDamaged(half), `frame at ${at}, zeros from ${within}`).toBe(false)
      }
    }
  })

  it('may hold what was rolled back, or left by a crash, behind its end', () => {
    // The last transaction is lost but for its end, then another goes on in its place, shorter.
    const torn = Buffer.from(wal).fill(0, ends[2], (ends[2] as number) + FRAME_BYTES)
    const file = join(folder, 'recovered.db')
    writeFileSync(file, db)
    writeFileSync(`${file}-wal`, torn.subarray(0, ends[3]))
    expect(hasLostTransactions(file)).toBe(false)
    const again = new DatabaseSync(file)
    again.exec(`insert into t (text) values ('short')`)
    const left = join(folder, 'left.db')
    copyFileSync(file, left)
    copyFileSync(`${file}-wal`, `${left}-wal`)
    again.close()
    expect(readFileSync(`${left}-wal`).length).toBe(ends[3])
    expect(hasLostTransactions(left)).toBe(false)
  })
})

describe('a log that is damaged', () => {
  it('is found by a bit of any field of any frame before the last transaction, and of its own header', () => {
    const fields = [0, 3, 6, 8, 15, 16, 19, 20, 23, 24, 1000, FRAME_BYTES - 1]
    const frames = framesOf(wal).filter((at) => at < (ends.at(-2) as number))
    for (const at of frames)
      for (const field of fields) expect(isDamaged(flipped(wal, at + field)), `frame at ${at}, byte ${field}`).toBe(true)
    for (let byte = 0; byte < HEADER_BYTES; byte++)
      for (let bit = 0; bit < 8; bit++) expect(isDamaged(flipped(wal, byte, bit)), `header, byte ${byte}, bit ${bit}`).toBe(true)
  })

  it('is found whichever way round its words are', () => {
    const other = bigEndian(wal)
    expect(isDamaged(other)).toBe(false)
    expect(isDamaged(flipped(other, (ends[1] as number) + 100))).toBe(true)
    expect(isDamaged(flipped(other, 3))).toBe(true)
  })

  it('is found in the last transaction too once that was copied back', () => {
    const frames = framesOf(wal).filter((at) => at >= (ends.at(-2) as number))
    expect(frames.length).toBeGreaterThan(2)
    for (const at of frames) {
      expect(isDamaged(flipped(wal, at + 100))).toBe(false)
      expect(isDamaged(flipped(wal, at + 100), copiedBack), `frame at ${at}`).toBe(true)
    }
    // A log that lost its end, too.
    expect(isDamaged(wal.subarray(0, wal.length - FRAME_BYTES), copiedBack)).toBe(true)
  })
})

describe('what is refused', () => {
  it('stays as it was: the damaged log, and the file of another application', () => {
    const file = join(folder, 'refused.db')
    const log = flipped(wal, (ends[1] as number) + 100)
    writeFileSync(file, db)
    writeFileSync(`${file}-wal`, log)
    expect(() => openWriter(file, undefined)).toThrow(/refused\.db-wal is damaged.*backup/)
    expect([readFileSync(file), readFileSync(`${file}-wal`)]).toEqual([db, log])

    const foreign = join(folder, 'foreign.db')
    const theirs = new DatabaseSync(foreign)
    theirs.exec('create table notes (text)')
    theirs.close()
    const before = readFileSync(foreign)
    expect(() => openWriter(foreign, undefined)).toThrow(/another application/)
    expect(readFileSync(foreign)).toEqual(before)
  })

  it('and an index that is not ours: its name, or a word of what it covers', () => {
    const file = join(folder, 'schema.db')
    openWriter(file, undefined).close()
    const edit = new DatabaseSync(file)
    edit.exec('drop index keyed_by_place; create unique index keyed_by_place on keyed (place, tenant)')
    edit.close()
    expect(() => openWriter(file, undefined)).toThrow(/is damaged/)
  })
})
