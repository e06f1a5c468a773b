import { BadRequestError, FROM_CLIENT, isSpaceId, parseBody, sayBody } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import type { Arriving } from './arriving.ts'
import { arrivingBody } from './arriving-body.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

export interface SayWorld {
  readonly backend: Backend
  readonly arriving: Arriving
  readonly metrics: Pick<GatewayMetrics, 'said'>
}

/** POST /v1/spaces/{space}/lanes/{lane}: says something there. Source: protocol [L5]. */
export async function sayRoute(c: Context, { backend, arriving, metrics }: SayWorld): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const space = c.req.param('space') ?? ''
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  const { id, body } = parseBody(sayBody, await arrivingBody(c, arriving), FROM_CLIENT)
  const said = await backend.say(principal, { space, lane: c.req.param('lane') ?? '', id, body })
  metrics.said()
  return jsonAnswer(JSON.stringify({ id: said.id }))
}
