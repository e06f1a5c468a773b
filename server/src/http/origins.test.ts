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

  it('a page of the server itself needs no CORS', async () => {
    const answer = await new HttpWorld().get(path, headers('https://api.example'))
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, null])
  })
})
