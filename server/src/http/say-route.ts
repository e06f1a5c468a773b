import { BadRequestError, FROM_CLIENT, isSpaceId, parseBody, SyncError, sayBody } from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Console } from '../console/console.ts'
import type { GatewayMetrics } from '../observe/gateway-metrics.ts'
import { refusedOf } from '../observe/refused-of.ts'
import type { Arriving } from './arriving.ts'
import { arrivingBody } from './arriving-body.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'

export interface SayWorld {
  readonly backend: Backend
  readonly arriving: Arriving
  readonly metrics: Pick<GatewayMetrics, 'said'>
  readonly console: Pick<Console, 'refused'> | undefined
}

/** POST /v1/spaces/{space}/lanes/{lane}: says something there. Source: protocol [L5]. */
export async function sayRoute(c: Context, { backend, arriving, metrics, console }: SayWorld): Promise<Response> {
  const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
  const space = c.req.param('space') ?? ''
  if (!isSpaceId(space)) throw new BadRequestError('space: not a space id')
  const { id, body } = parseBody(sayBody, await arrivingBody(c, arriving), FROM_CLIENT)
  const lane = c.req.param('lane') ?? ''
  const said = await backend.say(principal, { space, lane, id, body }).catch((error: unknown) => {
    if (error instanceof SyncError) console?.refused(error.code, refusedOf(principal, undefined, { space, name: lane }, error))
    throw error
  })
  metrics.said()
  return jsonAnswer(JSON.stringify({ id: said.id }))
}
