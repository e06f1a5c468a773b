import * as v from 'valibot'
import { BadRequestError } from './errors.ts'
import { type ClientFrame, clientFrame } from './frames/client-frame.ts'
import { type ServerFrame, serverFrame } from './frames/server-frame.ts'
import { FRAME_DEPTH_MAX, FRAME_FROM_SERVER_BYTES_MAX, FRAME_KEYS_MAX, LIMITS } from './limits.ts'
import { type Measure, measure } from './measure.ts'

/** What a frame or body from a client may measure. */
export const FROM_CLIENT: Measure = { bytesMax: LIMITS.bytes, depthMax: FRAME_DEPTH_MAX, keysMax: FRAME_KEYS_MAX }
/** What a frame or body from a server may measure. */
export const FROM_SERVER: Measure = { bytesMax: FRAME_FROM_SERVER_BYTES_MAX, depthMax: FRAME_DEPTH_MAX, keysMax: 10 * FRAME_KEYS_MAX }

/** Measured, then parsed, then held against `schema`. Throws TooLargeError or BadRequestError, which names the first field that is wrong. */
export function parseBody<S extends v.GenericSchema>(schema: S, text: string, bounds: Measure): v.InferOutput<S> {
  return conform(schema, parseJson(text, bounds))
}

/** A frame as a client sent it. Throws TooLargeError or BadRequestError; the connection stays usable. */
export function parseClientFrame(text: string): ClientFrame {
  return parseBody(clientFrame, text, FROM_CLIENT)
}

/** A frame as a server sent it; undefined where its `t` is not known here, which is no error [§5]. Throws BadRequestError for what is not of this protocol [B7]. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  const raw = parseJson(text, FROM_SERVER)
  const t = (raw as { t?: unknown } | null)?.t
  if (typeof t === 'string' && !serverFrame.options.some((option) => option.entries.t.literal === t)) return undefined
  return conform(serverFrame, raw)
}

function parseJson(text: string, bounds: Measure): unknown {
  measure(text, bounds)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadRequestError('not JSON', { cause })
  }
}

/** Holds a value against a schema. Throws BadRequestError with the place of the first fault. */
export function conform<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true })
  if (result.success) return result.output
  const [issue] = result.issues
  throw new BadRequestError(`${v.getDotPath(issue) ?? 'it'}: ${issue.message}`)
}
