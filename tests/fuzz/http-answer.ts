import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'

/** An answer of HTTP, its body as it was before it was cut into chunks and compressed. */
export interface HttpAnswerBytes {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

const DECODERS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

/** Reads all that a connection brought until its end; undefined where that is no answer. Throws Error for a body that is none of what its headers say. */
export function readAnswer(bytes: Buffer): HttpAnswerBytes | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1])
  if (end < 0 || Number.isNaN(status)) return undefined
  const rest = bytes.subarray(end + 4)
  // A word on the way to the answer, such as 100.
  if (status < 200 && status !== 101) return readAnswer(rest)
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  const whole = headers.get('transfer-encoding') === 'chunked' ? unchunked(rest) : rest
  const stated = headers.get('content-length')
  const isEmpty = whole.length === 0
  if (stated !== undefined && !isEmpty && Number(stated) !== whole.length) throw new Error(`${whole.length} bytes of ${stated} came`)
  const decode = DECODERS[headers.get('content-encoding') ?? '']
  return { status, headers, body: decode === undefined || isEmpty ? whole : decode(whole) }
}

function unchunked(bytes: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const length = Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16)
    if (lineEnd < 0 || Number.isNaN(length)) throw new Error('the chunks of an answer end in the middle')
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length))
    at = lineEnd + 2 + length + 2
  }
}
