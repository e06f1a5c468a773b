import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import type { Encoding } from './accept-encoding.ts'
import { CODECS, type Plain } from './codecs.ts'

/** Bytes of a body, in pieces. */
export type BodySource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/**
 * What a compressor makes of a body, without the closing, piece by piece and no faster than it is asked for; at last what the closing
 * needs to know. `bytes`: how long the body is, where that is known. Throws what the source throws.
 */
export async function* compressing(encoding: Encoding, bytes: number | undefined, source: BodySource): AsyncGenerator<Uint8Array, Plain> {
  const codec = CODECS[encoding]
  const plain = { crc: 0, bytes: 0 }
  if (codec.opening.length > 0) yield codec.opening
  const compressor = codec.compressor(bytes)
  // An error of the source destroys the compressor with it, and comes out below.
  pipeline(Readable.from(counted(), { objectMode: false }), compressor).catch(() => {})
  for await (const made of compressor as AsyncIterable<Uint8Array>) yield made
  return plain

  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of source) {
      plain.bytes += piece.length
      if (encoding === 'gzip') plain.crc = crc32(piece, plain.crc)
      yield piece
    }
  }
}
