import { BadRequestError, type Clock, InternalError, NotFoundError, SyncError, UnavailableError, within } from '@tidemark/shared'
import { type Context, Hono, type MiddlewareHandler } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Console } from '../console/console.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Log } from '../observe/log.ts'
import type { Prometheus } from '../observe/prometheus.ts'
import type { Arriving } from './arriving.ts'
import { type AddressOf, addressIn } from './client-address.ts'
import { assertNoPage } from './commits-route.ts'
import { type Compression, vary } from './compression.ts'
import { consolePage } from './console-page.ts'
import { consoleRoutes } from './console-routes.ts'
import { type DevSignIn, devSignInRoute, signsInUnder } from './dev-sign-in.ts'
import { errorAnswer, jsonAnswer } from './json-answer.ts'
import { createLaneRoutes } from './lane-routes.ts'
import { mutationsRoute } from './mutations-route.ts'
import { olderRoute } from './older-route.ts'
import { isSameOrigin, mayUse, type Origins, originRefused } from './origins.ts'
import { pageFolder } from './page.ts'
import { pollRoute } from './poll-route.ts'
import { pullRoute } from './pull-route.ts'
import { sayRoute } from './say-route.ts'

export interface RoutesWorld {
  readonly backend: Backend
  readonly gateway: Pick<Gateway, 'accept' | 'refusal'>
  readonly clock: Clock
  readonly addressOf: AddressOf
  readonly origins: Origins
  readonly log: Log
  readonly prometheus: Prometheus
  readonly compression: Compression
  readonly arriving: Arriving
  /** POST /v1/commits, where there are API keys. */
  readonly commits: ((c: Context) => Promise<Response>) | undefined
  readonly dev: DevSignIn | undefined
  /** POST /v1/anonymous, where it is allowed. */
  readonly anonymous: ((c: Context) => Promise<Response>) | undefined
  /** A folder with a built page. */
  readonly page: string | undefined
  /** What the console shows, where there is one. */
  readonly console: Console | undefined
  /** Why nothing is begun any more, and when to come again: the server is about to end. */
  stopping(): SyncError | undefined
  /** Resolves when it is the turn of one more pull from there. Throws UnavailableError or RateLimitedError, which say when to ask again, where too many came. */
  admitted(address: string | undefined): Promise<void>
  /** A request was begun (1) or answered (-1). */
  inHand(change: 1 | -1): void
  /** True where only this machine can reach the server, or where that is not known. */
  loopbackOnly(): boolean
}

/** What a page of another allowed origin may send; a browser may remember it for as long as any of them does, two hours. */
const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, POST',
  'Access-Control-Allow-Headers': 'Authorization, Content-Type',
  'Access-Control-Max-Age': '7200',
}

/** How long an answer may take to begin, in ms: longer than a poll waits, and less than the silence after which its connection is cut off. */
export const ANSWER_WITHIN_MS = 85_000

/** The HTTP side of protocol §4. Errors leave as §9 writes them, with their status. */
export function createRoutes(world: RoutesWorld): Hono {
  const { backend, log, prometheus, compression, dev } = world
  const hono = new Hono()
  const page = world.page === undefined ? undefined : pageFolder(world.page)
  const ownPage = world.console && consolePage()

  hono.use(compression.middleware)
  hono.use(async (c, next) => {
    await next()
    c.header('X-Content-Type-Options', 'nosniff')
    if (c.req.path.startsWith('/v1/')) vary(c.res.headers, 'Origin')
  })
  hono.use('/v1/commits', async (c, next) => {
    assertNoPage(c)
    await next()
  })
  hono.use('/v1/*', async (c, next) => {
    const origin = c.req.header('origin')
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!mayUse(world.origins, origin, host)) throw originRefused(origin, host)
    const cross = origin !== undefined && !isSameOrigin(origin, host)
    if (cross && c.req.method === 'OPTIONS') c.res = c.body(null, 204, PREFLIGHT)
    else await serve(next)
    if (cross) {
      c.header('Access-Control-Allow-Origin', origin)
      c.header('Access-Control-Expose-Headers', 'Retry-After')
    }
  })

  function assertGoesOn(): void {
    const stopping = world.stopping()
    if (stopping !== undefined) throw stopping
  }

  async function serve(next: () => Promise<void>): Promise<void> {
    assertGoesOn()
    world.inHand(1)
    try {
      await within(world.clock, ANSWER_WITHIN_MS, next(), () => new UnavailableError('No answer in time. Try again.', { afterMs: 1000 }))
    } finally {
      world.inHand(-1)
    }
  }

  hono.get('/healthz', () => jsonAnswer('{"ok":true}'))
  hono.get('/readyz', async () => {
    assertGoesOn()
    try {
      await backend.ready()
    } catch (cause) {
      // Whatever keeps it from serving, to who asks it means: not now. What it is, its operator may read here.
      throw new UnavailableError(cause instanceof SyncError ? cause.message : 'It cannot serve now. Its log tells more.', { cause })
    }
    return jsonAnswer('{"ok":true}')
  })
  hono.get('/metrics', async () => {
    const text = await prometheus.text()
    return new Response(text, { headers: { 'content-type': prometheus.contentType, 'cache-control': 'no-store' } })
  })
  hono.get('/v1/connect', () => {
    throw new BadRequestError(
      'This path is for WebSockets, and the request came without `Upgrade: websocket`: a proxy in between has to hand it on (docs/deploy.md).',
    )
  })
  const admit: MiddlewareHandler = async (c, next) => {
    await world.admitted(addressIn(c, world.addressOf))
    await next()
  }
  hono.on(['GET', 'POST'], '/v1/spaces/*', admit)
  hono.get('/v1/spaces/:space/changes', (c) => pullRoute(c, backend, compression))
  hono.get('/v1/spaces/:space/collections/:collection/older', (c) => olderRoute(c, backend, compression))
  const lanes = createLaneRoutes(backend, compression)
  hono.get('/v1/spaces/:space/lanes/:lane', lanes.ring)
  hono.get('/v1/spaces/:space/lanes/:lane/archive/:from', lanes.page)
  hono.post('/v1/mutations', (c) => mutationsRoute(c, backend, world.arriving))
  hono.post('/v1/spaces/:space/lanes/:lane', (c) =>
    sayRoute(c, { backend, arriving: world.arriving, metrics: prometheus.gateway, console: world.console }),
  )
  hono.post('/v1/poll', pollRoute(world))
  if (world.commits !== undefined) hono.post('/v1/commits', world.commits)
  if (world.console !== undefined) {
    const signsInAnybody = (c: Context) => dev !== undefined && signsInUnder(c, world.loopbackOnly())
    hono.route('/v1/console', consoleRoutes(world.console, backend, signsInAnybody))
  }
  if (world.anonymous !== undefined) hono.post('/v1/anonymous', world.anonymous)
  if (dev !== undefined) hono.post('/v1/dev/token', (c) => devSignInRoute(c, dev, world.loopbackOnly()))

  // The page is what is left, so that routes which are added to this app later are found before it.
  hono.notFound(async (c) => {
    if (!c.req.path.startsWith('/v1/')) {
      const found = (await ownPage?.(c)) ?? (await page?.(c))
      if (found !== undefined) return found
    }
    return refuse(c, new NotFoundError(`There is no ${c.req.method} ${pathOf(c)} here.`))
  })
  hono.onError((thrown, c) => {
    const error = thrown instanceof SyncError ? thrown : new InternalError(undefined, { cause: thrown })
    if (error.code === 'internal') log.error({ err: thrown, method: c.req.method, path: pathOf(c) }, 'a request failed inside the server')
    return refuse(c, error)
  })

  function refuse(c: Context, error: SyncError): Response {
    if (c.req.path.startsWith('/v1/')) prometheus.gateway.refused(error.code)
    return errorAnswer(error)
  }

  return hono
}

const PATH_CHARACTERS_SHOWN = 100

function pathOf(c: Context): string {
  return c.req.path.slice(0, PATH_CHARACTERS_SHOWN)
}
