import { BadRequestError, ForbiddenError, InvalidError, isUserId, type Measure, parseBody } from '@tidemark/shared'
import type { Context } from 'hono'
import * as v from 'valibot'
import { isLoopbackHost } from '../loopback-host.ts'
import { boundedBody } from './bounded-body.ts'
import { jsonAnswer } from './json-answer.ts'

/** Signs in whoever asks, under any name: for development only. */
export interface DevSignIn {
  /** A token that `authenticate` takes. */
  token(user: string): Promise<string>
}

const SIGN_IN: Measure = { bytesMax: 4096, depthMax: 4, keysMax: 16 }
const signIn = v.object({ user: v.string() })

/**
 * POST /v1/dev/token {"user":"alice"}: {"token"}. On loopback only for a Host that names this machine, so that no page elsewhere can have
 * its own name resolve to it.
 */
export async function devSignInRoute(c: Context, dev: DevSignIn, loopbackOnly: boolean): Promise<Response> {
  if (!signsInUnder(c, loopbackOnly)) throw new ForbiddenError('Development sign-in answers only under the names of this machine.')
  const body = await boundedBody(c.req.raw, SIGN_IN.bytesMax)
  if (body === '') throw new BadRequestError('send {"user":"alice"}')
  const { user } = parseBody(signIn, body, SIGN_IN)
  if (!isUserId(user)) throw new InvalidError('user: 1 to 128 of A-Z a-z 0-9 . _ ~ -')
  return jsonAnswer(JSON.stringify({ token: await dev.token(user) }))
}

/** Whether development sign-in answers under the name by which the server was asked. */
export function signsInUnder(c: Context, loopbackOnly: boolean): boolean {
  return !loopbackOnly || isLoopbackHost(c.req.header('host') ?? new URL(c.req.url).host)
}
