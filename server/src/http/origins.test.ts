import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'
import { assertOrigins, mayUse } from './origins.ts'

describe('origins', () => {
  it.each([
    [undefined, 'app.example', true],
    ['https://app.example', 'app.example', true],
    ['http://localhost:8787', 'localhost:8787', true],
    ['https://app.example', 'app.example:443', true],
    ['http://app.example', 'app.example:80', true],
    ['https://app.example', 'app.example:8443', false],
    ['https://evil.example', 'app.example', false],
    ['https://app.example.evil.example', 'app.example', false],
    ['null', 'app.example', false],
    ['', 'app.example', false],
    ['https://', 'app.example', false],
    ['file://', '', false],
    ['https://app.example', undefined, false],
  ])('same-origin: a page of %s at %s: %s', (origin, host, may) => {
    expect(mayUse(['same-origin'], origin, host)).toBe(may)
  })

  it('a list is exact', () => {
    const origins = ['https://app.example', 'capacitor://localhost']
    expect(mayUse(origins, 'capacitor://localhost', 'api.example')).toBe(true)
    expect(mayUse(origins, 'https://app.example', 'api.example')).toBe(true)
    expect(mayUse(origins, 'http://app.example', 'api.example')).toBe(false)
    expect(mayUse(origins, 'https://api.example', 'api.example')).toBe(false)
  })

  it.each([
    ['http://localhost:5173', true],
    ['https://app.localhost', true],
    ['http://127.0.0.1:3000', true],
    ['http://[::1]:3000', true],
    ['http://localhost.evil.example:5173', false],
    ['http://evil.example', false],
    ['http://localhost@evil.example', false],
    ['http://127.0.0.1.evil.example', false],
    ['capacitor://localhost', false],
    ['null', false],
  ])('loopback: a page of %s: %s', (origin, may) => {
    expect(mayUse(['loopback'], origin, 'localhost:8787')).toBe(may)
    expect(mayUse(['same-origin'], origin, 'localhost:8787')).toBe(false)
  })

  it('an entry that no browser sends is refused at the start', () => {
    for (const origin of ['*', 'app.example', 'https://app.example/', 'https://app.example/path'])
      expect(() => assertOrigins([origin])).toThrow(TypeError)
  })
})

describe('CORS', () => {
  const path = '/v1/spaces/room:a/changes?since=0'
  const headers = (origin: string) => ({ origin, host: 'api.example', authorization: 'Bearer alice' })

  it('a page of another origin is refused with 403', async () => {
    const answer = await new HttpWorld().get(path, headers('https://evil.example'))
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(await refusal(answer)).toEqual([403, 'forbidden'])
  })

  it('a page of an allowed origin is named in the answer, in errors too', async () => {
    const world = new HttpWorld({ origins: ['https://app.example'] })
    const good = await world.get(path, headers('https://app.example'))
    expect([good.status, good.headers.get('access-control-allow-origin'), good.headers.get('vary')]).toEqual([
      200,
      'https://app.example',
      'Origin',
    ])
    const bad = await world.get('/v1/nothing', headers('https://app.example'))
    expect([bad.status, bad.headers.get('access-control-allow-origin')]).toEqual([404, 'https://app.example'])
  })

  it('a preflight is answered for an allowed origin alone', async () => {
    const world = new HttpWorld({ origins: ['https://app.example'] })
    const ask = (origin: string) =>
      world.hono.request('/v1/mutations', {
        method: 'OPTIONS',
        headers: { origin, host: 'api.example', 'access-control-request-method': 'POST' },
      })
    const good = await ask('https://app.example')
    expect(good.status).toBe(204)
    expect(good.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(good.headers.get('access-control-allow-origin')).toBe('https://app.example')
    expect((await ask('https://evil.example')).status).toBe(403)
  })

  it.each([
    // A page of this origin, its method, path and token: the status, whether it is named, and when it may try again.
    ['https://app.example', 'OPTIONS', '/v1/mutations', 'alice', 204, true, null],
    ['https://app.example', 'OPTIONS', '/v1/nothing', 'alice', 204, true, null],
    ['https://app.example', 'OPTIONS', path, undefined, 204, true, null],
    ['capacitor://localhost', 'OPTIONS', '/v1/mutations', 'alice', 204, true, null],
    ['https://evil.example', 'OPTIONS', '/v1/mutations', 'alice', 403, false, null],
    ['null', 'OPTIONS', '/v1/mutations', 'alice', 403, false, null],
    ['https://app.example', 'GET', path, 'alice', 200, true, null],
    ['https://app.example', 'GET', path, 'bad', 401, true, null],
    ['https://app.example', 'GET', path, 'down', 503, true, '1'],
    ['https://app.example', 'DELETE', path, 'alice', 404, true, null],
    ['https://evil.example', 'GET', path, 'alice', 403, false, null],
    ['https://api.example', 'GET', path, 'alice', 200, false, null],
    [undefined, 'GET', path, 'alice', 200, false, null],
  ] as const)('case %#: a page of %s that asks %s %s as %s is answered %i', async (origin, method, at, user, status, named, retry) => {
    const world = new HttpWorld({ origins: ['same-origin', 'https://app.example', 'capacitor://localhost'] })
    world.backend.down = user === 'down'
    const answer = await world.hono.request(at, {
      method,
      headers: {
        host: 'api.example',
        ...(origin === undefined ? {} : { origin }),
        ...(method === 'OPTIONS'
          ? { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, content-type' }
          : { authorization: `Bearer ${user}` }),
      },
    })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retry])
    expect(answer.headers.get('access-control-allow-origin')).toBe(named ? (origin ?? null) : null)
    // Tokens travel in a header of their own: no cookie is ever asked for, and none is ever set.
    expect([answer.headers.get('access-control-allow-credentials'), answer.headers.get('set-cookie')]).toEqual([null, null])
    expect(answer.headers.get('vary')).toContain('Origin')
    expect(answer.headers.get('access-control-expose-headers')).toBe(named ? 'Retry-After' : null)
    if (status !== 204) return
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, POST')
    expect(answer.headers.get('access-control-allow-headers')).toBe('Authorization, Content-Type')
    expect(answer.headers.get('access-control-max-age')).toBe('7200')
  })

  it('a page of the server itself needs no CORS', async () => {
    const answer = await new HttpWorld().get(path, headers('https://api.example'))
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null])
  })
})
