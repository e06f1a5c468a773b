import { UnavailableError } from '@tidemark/shared'
import type { Hono } from 'hono'
import type { GatewayBounds } from '../src/gateway/bounds.ts'
import { createGateway, type Gateway } from '../src/gateway/gateway.ts'
import { Arriving } from '../src/http/arriving.ts'
import { type Compression, createCompression } from '../src/http/compression.ts'
import type { DevSignIn } from '../src/http/dev-sign-in.ts'
import { createRoutes, type RoutesWorld } from '../src/http/routes.ts'
import { PresenceTracker } from '../src/lanes/presence-tracker.ts'
import { SILENT } from '../src/observe/log.ts'
import { createPrometheus, type Prometheus } from '../src/observe/prometheus.ts'
import { FakeBackend, FakeBus } from './fake-backend.ts'
import { VirtualClock } from './virtual-clock.ts'

/** The routes over a fake backend, asked without a network. */
export class HttpWorld {
  readonly bus = new FakeBus()
  readonly backend = new FakeBackend(this.bus)
  readonly prometheus: Prometheus = createPrometheus()
  readonly clock = new VirtualClock()
  readonly gateway: Gateway
  readonly compression: Compression = createCompression()
  readonly logged: unknown[] = []
  readonly hono: Hono
  stopping = false

  constructor(
    options: Partial<Pick<RoutesWorld, 'origins' | 'page' | 'loopbackOnly' | 'commits' | 'anonymous' | 'console' | 'admitted'>> & {
      dev?: DevSignIn
      bounds?: Partial<GatewayBounds>
    } = {},
  ) {
    const { backend, bus, clock, prometheus } = this
    this.gateway = createGateway({
      backend,
      bus,
      clock,
      turn: async () => {},
      presence: new PresenceTracker({ clock, bus, optionOf: () => undefined }),
      metrics: prometheus.gateway,
      log: SILENT,
      bounds: options.bounds ?? {},
    })
    this.hono = createRoutes({
      backend,
      gateway: this.gateway,
      clock,
      addressOf: () => undefined,
      origins: ['same-origin'],
      log: { ...SILENT, error: (detail, message) => this.logged.push({ detail, message }) },
      prometheus,
      compression: this.compression,
      arriving: new Arriving(64 * 1_048_576),
      commits: undefined,
      dev: undefined,
      anonymous: undefined,
      page: undefined,
      console: undefined,
      stopping: () => (this.stopping ? new UnavailableError('It is about to stop.', { afterMs: 2000 }) : undefined),
      admitted: options.admitted ?? (async () => {}),
      inHand: () => {},
      loopbackOnly: () => true,
      ...options,
    })
  }

  get(path: string, headers: Record<string, string> = { authorization: 'Bearer alice' }): Promise<Response> {
    return Promise.resolve(this.hono.request(path, { headers }))
  }

  post(path: string, body: BodyInit, headers: Record<string, string> = { authorization: 'Bearer alice' }): Promise<Response> {
    return Promise.resolve(this.hono.request(path, { method: 'POST', body, headers }))
  }
}

/** Status and code of an answer that must be an error as protocol §9 writes it. */
export async function refusal(answer: Response): Promise<[status: number, code: string]> {
  const { error } = (await answer.json()) as { error: { code: string; message: string; retryable: boolean } }
  if (typeof error.message !== 'string' || typeof error.retryable !== 'boolean') throw new Error('no error of the protocol')
  return [answer.status, error.code]
}
