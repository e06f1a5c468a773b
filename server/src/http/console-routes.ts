import { BadRequestError, UnavailableError } from '@tidemark/shared'
import { type Context, Hono } from 'hono'
import type { Backend, Principal } from '../backend/backend.ts'
import type { Console } from '../console/console.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'
import { wholeNumber } from './page-query.ts'

/** Questions of consoles that are answered at once; each may read a page of the changelog. */
export const CONSOLE_QUESTIONS_MAX = 16
const FULL_AFTER_MS = 1000
/** Characters of an id to go on after. */
const AFTER_CHARACTERS_MAX = 200

/**
 * GET /v1/console/*: what `Console` tells, to whom it may. Tokens come in the header, as everywhere. `sign-in` tells anybody whether this
 * server signs in whoever asks: the page has no token yet.
 */
export function consoleRoutes(of: Console, backend: Pick<Backend, 'authenticate'>, signsInAnybody: (c: Context) => boolean): Hono {
  const hono = new Hono()
  let inHand = 0

  function answer(path: string, ask: (principal: Principal, c: Context) => Promise<object>): void {
    hono.get(path, async (c) => {
      const principal = await backend.authenticate(bearerToken(c.req.header('authorization')))
      if (inHand >= CONSOLE_QUESTIONS_MAX) throw new UnavailableError('Too many consoles ask at once.', { afterMs: FULL_AFTER_MS })
      inHand += 1
      try {
        return jsonAnswer(JSON.stringify(await ask(principal, c)))
      } finally {
        inHand -= 1
      }
    })
  }

  hono.get('/sign-in', (c) => jsonAnswer(JSON.stringify({ development: signsInAnybody(c) })))
  answer('/overview', (principal) => of.overview(principal))
  answer('/connections', (principal, c) => {
    const after = c.req.query('after')
    return of.connections(principal, after === undefined ? 0 : wholeNumber('after', after), c.req.query('user'))
  })
  answer('/spaces', (principal, c) => of.spaces(principal, afterIn(c)))
  answer('/spaces/:space/log', (principal, c) => of.log(principal, c.req.param('space') ?? ''))
  answer('/users/:user', (principal, c) => of.user(principal, c.req.param('user') ?? '', afterIn(c)))
  answer('/refused', (principal) => of.refusals(principal))
  answer('/limits', (principal) => of.limits(principal))
  return hono
}

function afterIn(c: Context): string {
  const after = c.req.query('after') ?? ''
  if (after.length > AFTER_CHARACTERS_MAX) throw new BadRequestError(`after: at most ${AFTER_CHARACTERS_MAX} characters`)
  return after
}
