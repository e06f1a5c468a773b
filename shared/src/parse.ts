import * as v from 'valibot'
import { BadRequestError, TooLargeError } from './errors.ts'
import { faultIn } from './fault-in.ts'
import { type ClientFrame, clientFrames } from './frames/client-frame.ts'
import type { FrameOf, Frames } from './frames/frame.ts'
import { type ServerFrame, serverFrames } from './frames/server-frame.ts'
import { FRAME_DEPTH_MAX, FRAME_FROM_SERVER_BYTES_MAX, FRAME_KEYS_MAX, LIMITS } from './limits.ts'
import { type Measure, measure } from './measure.ts'

/** What a frame or body from a client may measure. */
export const FROM_CLIENT: Measure = { bytesMax: LIMITS.bytes, depthMax: FRAME_DEPTH_MAX, keysMax: FRAME_KEYS_MAX }

/** A body as a client sent it: measured, then parsed. Throws TooLargeError or BadRequestError, which names the first field that is wrong. */
export function parseBody<S extends v.GenericSchema>(schema: S, text: string, bounds: Measure): v.InferOutput<S> {
  measure(text, bounds)
  return conform(schema, parseJson(text))
}

/** A frame as a client sent it. Throws TooLargeError or BadRequestError; the connection stays usable. */
export function parseClientFrame(text: string): ClientFrame {
  measure(text, FROM_CLIENT)
  const frame = frameOf(clientFrames, parseJson(text))
  if (!frame) throw new BadRequestError('t: no frame of this protocol')
  return frame
}

/** A body as a server sent it. Throws TooLargeError, or BadRequestError for what is not of this protocol [B7]. */
export function parseAnswer<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> {
  return conform(schema, parseBounded(text))
}

/** A frame as a server sent it; undefined where its `t` is not known here, which is no error [§5]. Throws as parseAnswer. */
export function parseServerFrame(text: string): ServerFrame | undefined {
  return frameOf(serverFrames, parseBounded(text))
}

/** Holds a value against a schema. Throws BadRequestError, which names the first fault with its place. */
export function conform<S extends v.GenericSchema>(schema: S, value: unknown, place = 'it'): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true })
  if (success) return output
  throw new BadRequestError(faultIn(place, issues))
}

const anyFrame = v.object({ t: v.string() })

function frameOf<F extends Frames>(frames: F, value: unknown): FrameOf<F> | undefined {
  const { t } = conform(anyFrame, value)
  const schema = Object.hasOwn(frames, t) ? frames[t] : undefined
  return schema && ({ ...conform(schema, value), t } as FrameOf<F>)
}

/** A text from a server is no longer than it may be; its depth is the server's own affair. */
function parseBounded(text: string): unknown {
  if (text.length > FRAME_FROM_SERVER_BYTES_MAX) throw new TooLargeError(`more than ${FRAME_FROM_SERVER_BYTES_MAX} bytes`)
  return parseJson(text)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BadRequestError('not JSON', { cause })
  }
}
