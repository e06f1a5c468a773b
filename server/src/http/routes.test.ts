import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const DEV = { token: async (user: string) => `token-of-${user}` }

describe('routes', () => {
  it.each([
    ['GET', '/v1/spaces/room:a/collections/messages/newer?before=1'],
    ['GET', '/v1/spaces/room:a/ranges/0..10-abcdef01'],
    ['GET', '/v1/poll'],
    ['GET', '/v1/spaces/live:1/lanes/danmu?since=0'],
    ['POST', '/v1/push/device'],
    ['POST', '/v1/dev/token'],
    ['GET', '/v1/mutations'],
    ['GET', '/v2'],
    ['GET', '/nothing'],
    ['DELETE', '/v1/spaces/room:a/changes'],
  ])('%s %s is not-found, as JSON', async (method, path) => {
    expect(await refusal(await new HttpWorld().hono.request(path, { method }))).toEqual([404, 'not-found'])
  })

  it('an app may add routes of its own, which are found', async () => {
    const world = new HttpWorld()
    world.hono.get('/hello', (c) => c.text('hi'))
    expect(await (await world.get('/hello')).text()).toBe('hi')
  })

  it('healthz is always well; readyz says what keeps the server from serving', async () => {
    const world = new HttpWorld()
    expect((await world.get('/readyz', {})).status).toBe(200)
    world.backend.ready = async () => {
      throw new UnavailableError('a row of the log is corrupt')
    }
    const answer = await world.get('/readyz', {})
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('a row of the log is corrupt')
    expect((await world.get('/healthz', {})).status).toBe(200)
  })

  it('a server that is about to stop is not ready, and takes nothing new', async () => {
    const world = new HttpWorld()
    world.stopping = true
    expect(await refusal(await world.get('/readyz', {}))).toEqual([503, 'unavailable'])
    expect(await refusal(await world.get('/v1/spaces/room:a/changes?since=0'))).toEqual([503, 'unavailable'])
  })

  it('metrics speaks Prometheus, and counts refusals by code', async () => {
    const world = new HttpWorld()
    await world.get('/v1/spaces/room:a/changes')
    const answer = await world.get('/metrics', {})
    expect(answer.headers.get('content-type')).toContain('text/plain')
    const text = await answer.text()
    for (const name of [
      'connections',
      'commits_total{source="api"}',
      'group_mutations_count',
      'ranges_total{form="log"}',
      'gaps_total',
      'resets_total{reason="history"}',
    ])
      expect(text).toContain(`tidemark_${name} 0`)
    expect(text).toContain('tidemark_refusals_total{code="bad-request"} 1')
  })
})

describe('development sign-in', () => {
  const json = { 'content-type': 'application/json' }

  it('gives a token for a name', async () => {
    const world = new HttpWorld({ dev: DEV })
    const answer = await world.post('/v1/dev/token', '{"user":"alice"}', json)
    expect([answer.status, await answer.json()]).toEqual([200, { token: 'token-of-alice' }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    ['{"user":""}', 422, 'invalid'],
    ['{"user":"a b"}', 422, 'invalid'],
    ['{"user":"__proto__"}', 422, 'invalid'],
    [`{"user":"${'a'.repeat(129)}"}`, 422, 'invalid'],
    ['{"user":7}', 400, 'bad-request'],
    ['{}', 400, 'bad-request'],
    ['', 400, 'bad-request'],
    ['alice', 400, 'bad-request'],
    ['['.repeat(50), 413, 'too-large'],
    [`{"user":"${'a'.repeat(5000)}"}`, 413, 'too-large'],
  ])('case %#: a name that cannot be one is refused', async (body, status, code) => {
    expect(await refusal(await new HttpWorld({ dev: DEV }).post('/v1/dev/token', body, json))).toEqual([status, code])
  })

  it('on loopback answers only under names of this machine', async () => {
    const world = new HttpWorld({ dev: DEV })
    for (const host of ['evil.example', 'evil.example:8787', 'localhost.evil.example', '127.0.0.1.evil.example'])
      expect(await refusal(await world.post('/v1/dev/token', '{"user":"alice"}', { host }))).toEqual([403, 'forbidden'])
    for (const host of ['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'LOCALHOST', 'app.localhost:1'])
      expect((await world.post('/v1/dev/token', '{"user":"alice"}', { host })).status).toBe(200)
    const open = new HttpWorld({ dev: DEV, loopbackOnly: () => false })
    expect((await open.post('/v1/dev/token', '{"user":"alice"}', { host: 'demo.example' })).status).toBe(200)
  })
})
