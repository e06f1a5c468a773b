// Goal: what API keys may have in hand is bounded before a body is read. Method: requests whose bodies do not end.
import { describe, expect, it } from 'vitest'
import { BackendWorld } from '../../test/backend-world.ts'
import { HttpWorld, refusal } from '../../test/http-world.ts'
import { settle, VirtualClock } from '../../test/virtual-clock.ts'
import { newApiKey } from '../api-keys/api-key.ts'
import { checkApiKey } from '../api-keys/api-keys.ts'
import { API_KEY_REQUESTS_MAX, API_REQUESTS_MAX } from '../backend/bounds.ts'
import { SILENT } from '../observe/log.ts'
import { systemRandom } from '../platform/system-random.ts'
import { commitsRoute } from './commits-route.ts'

const BODY = JSON.stringify({ commits: [{ mutations: [{ space: 'open:1', name: 'add', args: { id: 'a', text: 'x' } }] }] })

function bench() {
  const made = Array.from({ length: API_REQUESTS_MAX / API_KEY_REQUESTS_MAX + 1 }, (_, at) =>
    newApiKey(systemRandom, { tenant: 'default', name: `k${at}`, scopes: ['commit:*'], createdMs: 0 }),
  )
  const backend = new BackendWorld()
  const records = made.map(({ record }) => record)
  const http = new HttpWorld({
    commits: commitsRoute({ commits: backend.backend.commits, checkApiKey: checkApiKey(records, new VirtualClock(), SILENT), log: SILENT }),
  })
  const headersOf = (at: number) => ({ authorization: `Bearer ${made[at]?.key}` })
  const ends: (() => void)[] = []
  return {
    backend,
    bare: () => http.post('/v1/commits', BODY, {}),
    post: (at: number) => http.post('/v1/commits', BODY, headersOf(at)),
    /** A request whose body comes to its end when `end` is called. */
    hang(at: number): Promise<Response> {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          ends.push(() => {
            controller.enqueue(new TextEncoder().encode(BODY))
            controller.close()
          })
        },
      })
      const init = { method: 'POST', body, headers: headersOf(at), duplex: 'half' } as RequestInit
      return Promise.resolve(http.hono.request(new Request('http://localhost/v1/commits', init)))
    },
    end() {
      for (const each of ends.splice(0)) each()
    },
  }
}

describe('requests in hand', () => {
  it('of one key are bounded, and another key is served meanwhile', async () => {
    const { post, hang, end } = bench()
    const held = Array.from({ length: API_KEY_REQUESTS_MAX }, () => hang(0))
    await settle()
    const refused = await post(0)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await refusal(refused)).toEqual([429, 'rate-limited'])
    expect((await post(1)).status).toBe(200)
    end()
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual(held.map(() => 200))
    expect((await post(0)).status).toBe(200)
  })

  it('of all keys together are bounded too', async () => {
    const { post, hang, end } = bench()
    const held = Array.from({ length: API_REQUESTS_MAX }, (_, at) => hang(at % (API_REQUESTS_MAX / API_KEY_REQUESTS_MAX)))
    await settle()
    expect(await refusal(await post(API_REQUESTS_MAX / API_KEY_REQUESTS_MAX))).toEqual([503, 'unavailable'])
    end()
    await Promise.all(held)
    expect((await post(API_REQUESTS_MAX / API_KEY_REQUESTS_MAX)).status).toBe(200)
  })
})

describe('a request without Authorization', () => {
  it('is told that an API key is needed', async () => {
    const answer = await bench().bare()
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({
      error: { code: 'unauthenticated', message: 'No API key came with this: send Authorization: Bearer <API key>.' },
    })
  })
})
