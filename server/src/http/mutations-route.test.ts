import { LIMITS } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const CLIENT = `c_${'A'.repeat(22)}`
const item = (n: number) => ({ n, nonce: '9f86d08188c0ffee', space: 'room:a', name: 'send', args: {}, madeMs: 0 })
const batch = (...mutations: object[]) => JSON.stringify({ client: CLIENT, on: '', mutations })

describe('POST mutations', () => {
  it('[M3] answers acks with status 200', async () => {
    const answer = await new HttpWorld().post('/v1/mutations', batch(item(1)))
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ acks: [{ n: 1, nonce: '9f86d08188c0ffee', in: { 'room:a': 1 } }] })
  })

  it.each([
    ['', 400, 'bad-request'],
    ['{', 400, 'bad-request'],
    ['[]', 400, 'bad-request'],
    ['{}', 400, 'bad-request'],
    [JSON.stringify({ client: 'c_1', on: '', mutations: [] }), 400, 'bad-request'],
    [batch({ nonce: '9f86d08188c0ffee' }), 400, 'bad-request'],
    [batch({ n: 1, nonce: 'xyz' }), 400, 'bad-request'],
    [batch(...Array.from({ length: 101 }, (_, n) => item(n + 1))), 400, 'bad-request'],
    ['['.repeat(100), 413, 'too-large'],
    ['['.repeat(500_000), 413, 'too-large'],
    [`[${'0,'.repeat(100_001)}0]`, 413, 'too-large'],
    ['x'.repeat(LIMITS.bytes + 1), 413, 'too-large'],
  ])('case %#: a body that cannot be read has its code, and nothing is run', async (body, status, code) => {
    const world = new HttpWorld()
    expect(await refusal(await world.post('/v1/mutations', body))).toEqual([status, code])
    expect(world.backend.asked).toEqual([])
  })

  it('a body that is no UTF-8 is bad-request, not another text', async () => {
    const bytes = new TextEncoder().encode(batch({ ...item(1), args: { text: '?' } }))
    bytes[bytes.indexOf(0x3f)] = 0xff
    expect(await refusal(await new HttpWorld().post('/v1/mutations', bytes))).toEqual([400, 'bad-request'])
  })

  it('a compressed body is refused, so that none unfolds in memory', async () => {
    const answer = await new HttpWorld().post('/v1/mutations', batch(item(1)), {
      authorization: 'Bearer alice',
      'content-encoding': 'gzip',
    })
    expect(await refusal(answer)).toEqual([400, 'bad-request'])
  })

  it('a body without an end is read no further than the limit', async () => {
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(65_536))
      },
    })
    const world = new HttpWorld()
    const request = new Request('http://localhost/v1/mutations', {
      method: 'POST',
      body: endless,
      headers: { authorization: 'Bearer alice' },
      duplex: 'half',
    } as RequestInit)
    expect(await refusal(await world.hono.request(request))).toEqual([413, 'too-large'])
    expect(pulled).toBeLessThan(25)
  })

  it.each([{}, { 'content-length': '100' }])(
    'a body whose sender goes away in its middle is bad-request, no failure of ours (%j)',
    async (more) => {
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.error(new Error('aborted'))
        },
      })
      const request = new Request('http://localhost/v1/mutations', {
        method: 'POST',
        body: broken,
        headers: { authorization: 'Bearer alice', ...more },
        duplex: 'half',
      } as RequestInit)
      expect(await refusal(await new HttpWorld().hono.request(request))).toEqual([400, 'bad-request'])
    },
  )

  it('is not served without a token, whatever the body', async () => {
    expect(await refusal(await new HttpWorld().post('/v1/mutations', batch(item(1)), {}))).toEqual([401, 'unauthenticated'])
  })
})
