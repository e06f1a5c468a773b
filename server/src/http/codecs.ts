import type { Transform } from 'node:stream'
import { constants, crc32, createBrotliCompress, createDeflateRaw, createZstdCompress } from 'node:zlib'
import type { Encoding } from './accept-encoding.ts'

/** What a body was before it was compressed. */
export interface Plain {
  /** CRC-32; 0 where the encoding has no use for it. */
  readonly crc: number
  readonly bytes: number
}

/**
 * A compressor whose output may be kept and ended differently for each reader: it stops at a whole byte, and a closing of a few bytes
 * carries what is the reader's own, uncompressed, in the same member, frame or stream. Two members one after the other would be simpler,
 * and Chromium drops all gzip members but the first.
 */
export interface Codec {
  readonly opening: Uint8Array
  /** For a body of about so many bytes; undefined where nobody knows. */
  compressor(bytes: number | undefined): Transform
  /** The end of a body whose compressed part was made from `plain`. `own`: at most OWN_BYTES_MAX. */
  closing(own: Uint8Array, plain: Plain): Uint8Array
}

/** What fits in one uncompressed block of each of the three, whatever the window. */
export const OWN_BYTES_MAX = 1000

// Levels by measure: CPU time and size of 1,000 chat messages. Source: docs/decisions/009.
const ZSTD_LEVEL = 3
const BROTLI_LEVEL = 4
const GZIP_LEVEL = 5

/** Powers of two: no window needs to be wider than its body. RFC 9659 allows browsers 8 MiB, RFC 7932 16 MiB; wider than this pays for no page. */
const WINDOW_LOG_MIN = 10
const WINDOW_LOG_MAX = 21

function windowLog(bytes: number | undefined): number {
  return bytes === undefined ? WINDOW_LOG_MAX : Math.min(WINDOW_LOG_MAX, Math.max(WINDOW_LOG_MIN, Math.ceil(Math.log2(bytes + 1))))
}

function littleEndian(number: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => (number >>> (8 * at)) & 0xff)
}

function joined(...parts: readonly (ArrayLike<number> | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => Uint8Array.from(part)))
}

/** Magic number, a frame without checksum and content size, a window of 1 KiB. The compressor writes a header of its own with the first byte of a body. */
const ZSTD_HEADER = [0x28, 0xb5, 0x2f, 0xfd, 0, 0]

/** RFC 8878 §3.1.1.2: a raw block, the last one. */
const zstd: Codec = {
  opening: new Uint8Array(),
  compressor: (bytes) =>
    createZstdCompress({
      params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_windowLog]: windowLog(bytes) },
      finishFlush: constants.ZSTD_e_flush,
    }),
  closing: (own, { bytes }) => joined(bytes === 0 ? ZSTD_HEADER : [], littleEndian(1 | (own.length << 3), 3), own),
}

/** RFC 7932 §9.2: an uncompressed meta-block (four nibbles of length), then the empty last one. */
const br: Codec = {
  opening: new Uint8Array(),
  compressor: (bytes) =>
    createBrotliCompress({
      params: {
        [constants.BROTLI_PARAM_QUALITY]: BROTLI_LEVEL,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_LGWIN]: windowLog(bytes),
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes ?? 0,
      },
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
    }),
  closing: (own) => (own.length === 0 ? joined([3]) : joined(littleEndian(((own.length - 1) << 3) | (1 << 19), 3), own, [3])),
}

/** RFC 1952 around RFC 1951 §3.2.4: a stored block, the last one. */
const gzip: Codec = {
  opening: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff),
  compressor: () => createDeflateRaw({ level: GZIP_LEVEL, finishFlush: constants.Z_SYNC_FLUSH }),
  closing: (own, { crc, bytes }) =>
    joined(
      [1],
      littleEndian(own.length, 2),
      littleEndian(~own.length, 2),
      own,
      littleEndian(crc32(own, crc), 4),
      littleEndian(bytes + own.length, 4),
    ),
}

export const CODECS: Readonly<Record<Encoding, Codec>> = { zstd, br, gzip }
