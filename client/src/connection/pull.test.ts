import { RateLimitedError, type Seal, toVersion } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { PAGE_BEGINS_MS, PULL_WITHIN_MS, pull, pullOlder } from './pull.ts'
import type { HttpAnswer, HttpRequest } from './transport.ts'

const good = { space: 'room:1', from: 3, on: 'aaaaaaaa', to: 4, seal: 'bbbbbbbb', head: 4, changes: [] }
const standing = { version: toVersion(3), seal: 'aaaaaaaa-r~x/1' as Seal }

function answering(answer: Partial<HttpAnswer> | Error, seen: HttpRequest[]) {
  return {
    connect: () => ({ send() {}, close() {} }),
    async request(request: HttpRequest) {
      seen.push(request)
      if (answer instanceof Error) throw answer
      return { status: 200, contentType: 'application/json', text: '', ...answer }
    },
  }
}
function ask(answer: Partial<HttpAnswer> | Error, seen: HttpRequest[] = []) {
  return pull(
    { transport: answering(answer, seen), clock: handClock(), budget: () => undefined },
    { space: 'room:1', standing, client: 'c_x', token: 'secret' },
  )
}

describe('a pull', () => {
  it('states number and seal, and never puts the token into the URL', async () => {
    const seen: HttpRequest[] = []
    expect(await ask({ text: JSON.stringify(good) }, seen)).toEqual(good)
    expect(seen[0]).toMatchObject({ path: '/v1/spaces/room%3A1/changes?since=3&seal=aaaaaaaa-r~x%2F1&client=c_x', token: 'secret' })
    expect(seen[0]).toMatchObject({ timeoutMs: PULL_WITHIN_MS, beginsMs: PAGE_BEGINS_MS })
  })

  const wrong: Record<string, Partial<HttpAnswer> | Error> = {
    'no network': new TypeError('fetch failed'),
    'the page of a captive portal': { contentType: 'text/html', text: '<html>Sign in</html>' },
    'its page said to be JSON': { text: '<html>Sign in</html>' },
    'no content type': { contentType: '', text: JSON.stringify(good) },
    'an empty answer': { text: '' },
    'JSON of something else': { text: '{"ok":true}' },
    'a list': { text: '[]' },
    null: { text: 'null' },
    'a range of another space': { text: JSON.stringify({ ...good, space: 'room:2' }) },
    'a range past its own head': { text: JSON.stringify({ ...good, head: 3 }) },
    'a version that is none': { text: JSON.stringify({ ...good, to: 4.5 }) },
    'a range that bears status 404': { status: 404, text: JSON.stringify(good) },
    'an error page of a proxy': { status: 502, contentType: 'text/html', text: 'Bad gateway' },
    'a network login demanded': { status: 511, contentType: 'text/html', text: '' },
    'JSON nested without end': { text: '['.repeat(100_000) },
  }
  for (const [name, answer] of Object.entries(wrong))
    it(`[B7] ${name} counts as unreachable, never as data`, async () => {
      await expect(ask(answer)).rejects.toMatchObject({ code: 'unavailable' })
    })

  it("the server's own errors are what they say", async () => {
    const text = JSON.stringify({ error: { code: 'rate-limited', message: 'slow down', retryable: true, afterMs: 3000 } })
    await expect(ask({ status: 429, text })).rejects.toMatchObject({ code: 'rate-limited', afterMs: 3000 })
  })

  it('that was asked for too often is not sent, and says so', async () => {
    const seen: HttpRequest[] = []
    const asked: string[] = []
    const budget = (fingerprint: string) => {
      asked.push(fingerprint)
      return new RateLimitedError('again')
    }
    const ports = { transport: answering({}, seen), clock: handClock(), budget }
    await expect(pull(ports, { space: 'room:1', standing, client: 'c_x', token: 'secret' })).rejects.toMatchObject({ code: 'rate-limited' })
    expect([seen, asked]).toEqual([[], ['room%3A1/changes?since=3&seal=aaaaaaaa-r~x%2F1&client=c_x']])
  })

  it('has a deadline', async () => {
    const clock = handClock()
    const transport = { connect: () => ({ send() {}, close() {} }), request: () => new Promise<never>(() => {}) }
    const pulled = pull({ transport, clock, budget: () => undefined }, { space: 'room:1', standing, client: 'c_x', token: 'secret' })
    clock.advance(PULL_WITHIN_MS)
    await expect(pulled).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a page of older documents', () => {
  const page = { docs: [{ v: 7, c: 'messages', id: 'm', put: {}, b: 4 }], floor: 3, head: 9, seal: 'cccccccc' }
  const askOlder = (answer: object, seen: HttpRequest[] = []) =>
    pullOlder(
      { transport: answering({ text: JSON.stringify(answer) }, seen), clock: handClock(), budget: () => undefined },
      { space: 'room:1', collection: 'messages', before: toVersion(5), limit: 100 },
      'secret',
    )

  it('[W1] states the floor, and never puts the token into the URL', async () => {
    const seen: HttpRequest[] = []
    expect(await askOlder(page, seen)).toEqual(page)
    expect(seen[0]?.path).toBe('/v1/spaces/room%3A1/collections/messages/older?before=5&limit=100')
    expect(seen[0]?.token).toBe('secret')
  })

  const wrong: Record<string, object> = {
    'one that leads nowhere': { ...page, floor: 5 },
    'one of another collection': { ...page, docs: [{ ...page.docs[0], c: 'polls' }] },
    'one with a deletion': { ...page, docs: [{ v: 7, c: 'messages', id: 'm', del: true }] },
    'one without a head': { docs: [], floor: 3, seal: 'cccccccc' },
    'one without a seal': { docs: [], floor: 3, head: 9 },
    'a range': good,
  }
  for (const [name, answer] of Object.entries(wrong))
    it(`[B7] ${name} counts as unreachable, never as data`, async () => {
      await expect(askOlder(answer)).rejects.toMatchObject({ code: 'unavailable' })
    })
})
