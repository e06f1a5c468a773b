import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'

/** What a strict decoder makes of a body. Throws where the body has another encoding, is cut short, or bears a wrong checksum. */
export function unfolded(encoding: string | null, bytes: Uint8Array): string {
  if (encoding === null) return new TextDecoder().decode(bytes)
  const decoders: Record<string, (bytes: Uint8Array) => Buffer> = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync }
  const decoder = decoders[encoding]
  if (decoder === undefined) throw new Error(`encoding ${encoding}`)
  return decoder(bytes).toString()
}
