import type { HttpBindings } from '@hono/node-server'
import { FROM_CLIENT, LIMITS, mutationBatch, parseBody } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Arriving } from './arriving.ts'
import { boundedBody } from './bounded-body.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

/** POST /v1/mutations: the answer of protocol §6. Another status than 200 says that no mutation was looked at [M3]. */
export async function mutationsRoute(c: Context, backend: Backend, arriving: Arriving): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const batch = parseBody(mutationBatch, await arrivingBody(c, arriving), FROM_CLIENT)
  const { text } = await backend.mutate(principal, batch)
  return jsonAnswer(`{${text}}`)
}

/** Throws as boundedBody; of a sender that is cut off, what its connection ends with. */
async function arrivingBody(c: Context, arriving: Arriving): Promise<string> {
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
