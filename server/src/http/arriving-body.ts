import type { HttpBindings } from '@hono/node-server'
import { LIMITS } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Arriving } from './arriving.ts'
import { boundedBody } from './bounded-body.ts'

/** The body of a client's request, counted among what is coming in. Throws as boundedBody; of a sender that is cut off, what its connection ends with. */
export async function arrivingBody(c: Context, arriving: Arriving): Promise<string> {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  const sender = { cut: () => incoming?.socket.destroy() }
  const stated = Number(c.req.header('content-length') ?? Number.NaN)
  arriving.add(sender, stated <= LIMITS.bytes ? stated : LIMITS.bytes)
  try {
    return await boundedBody(c.req.raw, LIMITS.bytes)
  } finally {
    arriving.done(sender)
  }
}
