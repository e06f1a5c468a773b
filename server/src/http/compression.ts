import { hash } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { type Encoding, negotiated } from './accept-encoding.ts'
import { OWN_BYTES_MAX } from './codecs.ts'
import { CompressedBodies } from './compressed-bodies.ts'
import type { BodySource } from './compressing.ts'
import { jsonAnswer } from './json-answer.ts'

/** A body of less gains nothing worth its CPU: it fits in one packet. In bytes. */
const COMPRESSED_FROM_BYTES = 1024
/** A longer body of a file is compressed for each reader, at that reader's pace, and not kept. In bytes. */
const SHARED_BYTES_MAX = 4 * 1_048_576
const KEPT_BYTES_MAX = 32 * 1_048_576
const KEPT_MAX = 4096
const AT_ONCE_MAX = 64
/** Bytes given to the compressor at a time: the first of them leave before the last were looked at. */
const SLICE_BYTES = 65_536

/** What is worth compressing. Not a stream of events, whose every event has to leave at once. */
const COMPRESSIBLE = /^\s*(?:text\/(?!event-stream)|image\/svg\+xml|application\/(?:[a-z0-9.+-]*\+)?(?:json|xml|javascript|wasm)\b)/i

const NOTHING = new Uint8Array()

/** Compression by negotiation. Source: protocol §4. */
export interface Compression {
  /** Compresses the answers of all routes behind it, files once for all their readers. */
  readonly middleware: MiddlewareHandler
  /**
   * A JSON answer whose first part, `shared`, other readers are given too: that is compressed once for all of them. `own` follows it, for
   * this reader alone. The caller has decided that this reader may have both.
   */
  json(c: Context, shared: string, own: string): Response
  readonly bodies: CompressedBodies
}

export function createCompression(): Compression {
  const bodies = new CompressedBodies({ keptBytesMax: KEPT_BYTES_MAX, keptMax: KEPT_MAX, atOnceMax: AT_ONCE_MAX })
  // A crowd asks for one text after the other: it is measured and named once in a row.
  let last = { text: '', bytes: 0, name: '' }
  return {
    bodies,
    json(c, shared, own) {
      const encoding = negotiated(c.req.header('accept-encoding'))
      const tail = Buffer.from(own)
      if (shared !== last.text) last = { text: shared, bytes: Buffer.byteLength(shared), name: hash('sha256', shared, 'base64') }
      const { bytes, name } = last
      if (bytes >= COMPRESSED_FROM_BYTES && tail.length <= OWN_BYTES_MAX && encoding !== undefined) {
        // Named after its content: whoever is given these bytes was given this text by the backend, which asked for the right.
        const body = bodies.shared(name, encoding, bytes, () => slices(Buffer.from(shared)))
        if (body !== undefined) return encoded(jsonAnswer(''), encoding, body.length(tail), body.stream(tail))
      }
      return jsonAnswer(shared + own)
    },
    async middleware(c, next) {
      await next()
      if (!COMPRESSIBLE.test(c.res.headers.get('content-type') ?? '')) return
      if (c.res.status === 206 || c.res.headers.get('cache-control')?.includes('no-transform') === true) return
      const bytes = lengthOf(c.res)
      if (bytes !== undefined && bytes < COMPRESSED_FROM_BYTES && !c.res.headers.has('content-encoding')) return
      vary(c.res.headers, 'Accept-Encoding')
      if (c.res.headers.has('content-encoding')) return
      const encoding = negotiated(c.req.header('accept-encoding'))
      const plain = c.res.body
      if (encoding === undefined || plain === null) return
      const etag = c.res.headers.get('etag')
      if (c.req.method === 'HEAD') {
        await plain.cancel()
        replace(c, encoded(c.res, encoding, undefined, null))
      } else if (etag !== null && bytes !== undefined && bytes <= SHARED_BYTES_MAX) {
        let isTaken = false
        const body = bodies.shared(`${c.req.path} ${etag}`, encoding, bytes, () => {
          isTaken = true
          return plain as BodySource & ReadableStream
        })
        if (body === undefined) return
        if (!isTaken) await plain.cancel()
        replace(c, encoded(c.res, encoding, body.length(NOTHING), body.stream(NOTHING)))
      } else {
        const stream = bodies.once(encoding, plain)
        if (stream !== undefined) replace(c, encoded(c.res, encoding, undefined, stream))
      }
    },
  }
}

/** Adds a name to Vary, once. */
export function vary(headers: Headers, name: string): void {
  const before = headers.get('vary')
  if (before === null) headers.set('Vary', name)
  else if (
    !before
      .toLowerCase()
      .split(/\s*,\s*/)
      .some((named) => named === '*' || named === name.toLowerCase())
  )
    headers.append('Vary', name)
}

/** The same answer with another body, of `bytes` bytes where that is known. */
function encoded(answer: Response, encoding: Encoding, bytes: number | undefined, body: ReadableStream<Uint8Array> | null): Response {
  const headers = new Headers(answer.headers)
  headers.set('Content-Encoding', encoding)
  if (bytes === undefined) headers.delete('content-length')
  else headers.set('Content-Length', String(bytes))
  return new Response(body, { status: answer.status, headers })
}

/** In two steps: over an answer that is there, Hono writes that one's headers, its old length too. */
function replace(c: Context, answer: Response): void {
  c.res = undefined
  c.res = answer
}

function* slices(bytes: Uint8Array): BodySource & Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES)
}

function lengthOf(answer: Response): number | undefined {
  const stated = answer.headers.get('content-length')
  return stated === null ? undefined : Number(stated)
}
