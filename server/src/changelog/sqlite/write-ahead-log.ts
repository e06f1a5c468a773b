import { closeSync, openSync, readSync } from 'node:fs'

// The log beside a database, as https://sqlite.org/fileformat2.html#walformat has it: a header, then frames of one page each. The last
// frame of a transaction bears the size of the database. Each checksum goes on from the one before it, that of the header the first.
const HEADER_BYTES = 32
const HEADER_SALTS_AT = 16
const HEADER_SUM_AT = 24
const FRAME_HEADER_BYTES = 24
const FRAME_SIZE_AT = 4
const FRAME_SALTS_AT = 8
const FRAME_SUM_AT = 16
/** The same in the header and in all frames of one log, and new when it begins anew. */
const SALTS_BYTES = 8
/** The least significant bit of the magic number says in which order of bytes checksums read their words. */
const BIG_ENDIAN_BIT = 1

/** In the header of a database; 64 KiB are written as 1. */
const PAGE_BYTES_AT = 16
const PAGE_BYTES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]

type Sum = readonly [number, number]

interface Link {
  /** 0 in the header. */
  readonly page: number
  readonly salts: string
  /** The checksum that it bears. */
  readonly sum: Sum
  /** The one that it should bear, going by what the one before it bears. */
  readonly computed: Sum
  readonly endsTransaction: boolean
}

/**
 * True where SQLite would pass over transactions of a file's log that were on the disk. It takes what follows the first frame whose
 * checksum fails for the last transaction, torn by a power cut, and drops it. That is wrong in two cases. A transaction is written only when
 * the one before it was flushed: where one goes on from another behind such a frame, that one was not torn, but damaged. And only what
 * was flushed is copied into the database: where the last transaction stands there already, what the log holds of it was damaged, and
 * would bring back older pages beside it. Damage in the last transaction before it is copied looks like a power cut, and is not found.
 */
export function hasLostTransactions(file: string): boolean {
  const database = openIfThere(file)
  if (database === undefined) return false
  const log = openIfThere(`${file}-wal`)
  try {
    const pageBytes = pageBytesOf(database)
    const header = log === undefined ? undefined : readAt(log, 0, HEADER_BYTES)
    if (log === undefined || header === undefined || pageBytes === undefined) return false
    const isBigEndian = (header.readUInt32BE(0) & BIG_ENDIAN_BIT) !== 0
    const orders = isWhole(headerLink(header, isBigEndian)) ? [isBigEndian] : [false, true]
    return orders.some((order) => isDamaged({ database, log, pageBytes, isBigEndian: order }, header))
  } finally {
    closeSync(database)
    if (log !== undefined) closeSync(log)
  }
}

interface Files {
  readonly database: number
  readonly log: number
  readonly pageBytes: number
  readonly isBigEndian: boolean
}

function isDamaged({ database, log, pageBytes, isBigEndian }: Files, header: Buffer): boolean {
  let before = headerLink(header, isBigEndian)
  let isBehindDamage = !isWhole(before)
  let salts = isBehindDamage ? undefined : before.salts
  /** The frames of the last transaction, by page, as far as they are whole. */
  const last = new Map<number, Buffer>()
  for (let at = HEADER_BYTES; ; at += FRAME_HEADER_BYTES + pageBytes) {
    const bytes = readAt(log, at, FRAME_HEADER_BYTES + pageBytes)
    if (bytes === undefined) break
    const frame = frameLink(bytes, before.sum, isBigEndian)
    salts ??= frame.salts
    const goesOn = frame.salts === salts && isWhole(frame)
    // Where the checksum of the one before it is damaged, and not what that was made from.
    const goesOnAllTheSame =
      goesOn || (isBehindDamage && frame.salts === salts && isSame(frameLink(bytes, before.computed, isBigEndian).computed, frame.sum))
    if (isBehindDamage && before.endsTransaction && goesOnAllTheSame) return true
    if (!isBehindDamage && before.endsTransaction) last.clear()
    isBehindDamage ||= !goesOn
    if (goesOnAllTheSame) last.set(frame.page, bytes.subarray(FRAME_HEADER_BYTES))
    before = frame
  }
  if (!isBehindDamage && before.endsTransaction) last.clear()
  return last.size > 0 && [...last].every(([page, bytes]) => readAt(database, (page - 1) * pageBytes, pageBytes)?.equals(bytes) === true)
}

/** The header counts as a transaction: it is flushed before the first frame is written. */
function headerLink(bytes: Buffer, isBigEndian: boolean): Link {
  return {
    page: 0,
    salts: bytes.toString('hex', HEADER_SALTS_AT, HEADER_SALTS_AT + SALTS_BYTES),
    sum: [bytes.readUInt32BE(HEADER_SUM_AT), bytes.readUInt32BE(HEADER_SUM_AT + 4)],
    computed: checksum(bytes.subarray(0, HEADER_SUM_AT), [0, 0], isBigEndian),
    endsTransaction: true,
  }
}

function frameLink(bytes: Buffer, before: Sum, isBigEndian: boolean): Link {
  const summed = checksum(bytes.subarray(0, FRAME_SALTS_AT), before, isBigEndian)
  return {
    page: bytes.readUInt32BE(0),
    salts: bytes.toString('hex', FRAME_SALTS_AT, FRAME_SALTS_AT + SALTS_BYTES),
    sum: [bytes.readUInt32BE(FRAME_SUM_AT), bytes.readUInt32BE(FRAME_SUM_AT + 4)],
    computed: checksum(bytes.subarray(FRAME_HEADER_BYTES), summed, isBigEndian),
    endsTransaction: bytes.readUInt32BE(FRAME_SIZE_AT) !== 0,
  }
}

function checksum(bytes: Buffer, [first, second]: Sum, isBigEndian: boolean): Sum {
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + second + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at))) >>> 0
    second = (second + first + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4))) >>> 0
  }
  return [first, second]
}

const isWhole = ({ computed, sum }: Link): boolean => isSame(computed, sum)
const isSame = ([a, b]: Sum, [c, d]: Sum): boolean => a === c && b === d

/** undefined where SQLite would not take it for a database. */
function pageBytesOf(database: number): number | undefined {
  const written = readAt(database, PAGE_BYTES_AT, 2)?.readUInt16BE(0)
  return PAGE_BYTES.find((bytes) => bytes % 65_535 === written)
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** undefined where the file does not reach so far. */
function readAt(handle: number, at: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length)
  return readSync(handle, bytes, 0, length, at) === length ? bytes : undefined
}
