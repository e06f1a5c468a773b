import { FROM_CLIENT, mutationBatch, parseBody } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Arriving } from './arriving.ts'
import { arrivingBody } from './arriving-body.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

/** POST /v1/mutations: the answer of protocol §6. Another status than 200 says that no mutation was looked at [M3]. */
export async function mutationsRoute(c: Context, backend: Backend, arriving: Arriving): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const batch = parseBody(mutationBatch, await arrivingBody(c, arriving), FROM_CLIENT)
  const { text } = await backend.mutate(principal, batch)
  return jsonAnswer(`{${text}}`)
}
