// Goal: to the client a polled socket is a socket. Method: a server of hand-made answers, in virtual time.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HttpAnswer, HttpRequest } from '../connection/transport.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { polledSocket, WAIT_S } from './polled-socket.ts'

type Frame = { readonly t: string; readonly [field: string]: unknown }
type Asked = HttpRequest & {
  readonly said: Record<string, unknown>
  answer(status: number, body: unknown, contentType?: string): void
  fail(): void
}

const CLIENT = `c_${'A'.repeat(22)}`
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const hello = (spaces: object) => ({ t: 'hello', client: CLIENT, token: 'secret', spaces, nextS: 60, app: '1' })
const welcome = (heads: object, user = 'alice') => ({ t: 'welcome', user, nowMs: 0, heads, acked: [0, ''] })
const range = (space: string, from: number, to: number, more: object = {}) => ({
  ...{
    t: 'range',
    space,
    from,
    on: `seal${from}`,
    to,
    seal: `seal${to}`,
    head: to,
    changes: from < to ? [{ v: to, c: 'm', id: 'x', put: {} }] : [],
  },
  ...more,
})
const beat = { t: 'beat', nowMs: 0, sum: 7 }
const unavailable = { code: 'unavailable', message: 'not now', retryable: true }

function world() {
  const time = virtualTime(settle)
  const asked: Asked[] = []
  const frames: Frame[] = []
  const closed: number[] = []
  const pace = { waitS: WAIT_S }
  let opened = 0
  const socket = polledSocket(
    {
      clock: time,
      request: (request) =>
        new Promise<HttpAnswer>((resolve, reject) => {
          asked.push({
            ...request,
            said: JSON.parse(request.body ?? '{}'),
            answer: (status, body, contentType = 'application/json') =>
              resolve({ status, contentType, text: typeof body === 'string' ? body : JSON.stringify(body) }),
            fail: () => reject(new TypeError('fetch failed')),
          })
        }),
    },
    pace,
    {
      opened: () => opened++,
      greeted() {},
      frame: (text) => frames.push(JSON.parse(text)),
      closed: (code) => closed.push(code),
    },
  )
  const it = {
    ...{ time, asked, frames, closed, pace, socket },
    get opened() {
      return opened
    },
    say: async (frame: object) => {
      socket.send(JSON.stringify(frame))
      await settle()
    },
    /** The request that was made last. */
    last: () => asked.at(-1) as Asked,
    answer: async (...rest: Parameters<Asked['answer']>) => {
      it.last().answer(...rest)
      await settle()
    },
    /** Open and greeted; a poll is held. */
    greet: async (spaces: object, ...answers: object[]) => {
      await it.answer(400, { error: { code: 'bad-request', message: 'a path for WebSockets' } })
      await it.say(hello(spaces))
      await it.answer(200, [welcome(Object.fromEntries(Object.keys(spaces).map((space) => [space, 0]))), ...answers, beat])
      await time.run(100)
      frames.length = 0
    },
  }
  return it
}

describe('a polled socket', () => {
  it('is open once the server has answered at all, and asks at once what there is', async () => {
    const w = world()
    expect([w.last().path, w.opened]).toEqual(['/v1/connect', 0])
    await w.answer(400, { error: { code: 'bad-request', message: 'a path for WebSockets' } })
    expect(w.opened).toBe(1)
    await w.say(hello({ 'room:1': [3, 'seal3'] }))
    expect(w.last()).toMatchObject({ path: '/v1/poll', token: 'secret' })
    expect(w.last().said).toEqual({ client: CLIENT, spaces: { 'room:1': [3, 'seal3'] }, nextS: 60, app: '1', waitS: 0 })
    await w.answer(200, [welcome({ 'room:1': 5 }), range('room:1', 3, 5), beat])
    expect(w.frames).toEqual([welcome({ 'room:1': 5 }), range('room:1', 3, 5)])
    await w.time.run(100)
    expect(w.last().said).toMatchObject({ spaces: { 'room:1': [5, 'seal5'] }, waitS: WAIT_S })
  })

  it('gives on what is new alone: no second welcome, no range that says nothing, no beat that was not asked for', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] }, range('room:1', 0, 2))
    await w.answer(200, [welcome({ 'room:1': 2 }), range('room:1', 2, 2), beat])
    expect(w.frames).toEqual([])
    await w.time.run(2000)
    await w.answer(200, [welcome({ 'room:1': 3 }), range('room:1', 2, 3), beat])
    expect(w.frames).toEqual([range('room:1', 2, 3)])
  })

  it('[L4] states the lanes that are followed, each from the tick that came last, and tells how one runs where that is news', async () => {
    const w = world()
    await w.greet({ 'live:1': [0, ''] })
    await w.say({ t: 'follow', spaces: {}, lanes: { 'live:1': { danmu: 0 } } })
    const lane = { t: 'lane', space: 'live:1', lane: 'danmu', tickMs: 1000, cap: 100 }
    const tick = (at: number) => ({ t: 'tick', space: 'live:1', lane: 'danmu', tick: at, items: [], cut: 0 })
    expect(w.last().said).toMatchObject({ lanes: { 'live:1': { danmu: 0 } }, waitS: 0 })
    await w.answer(200, [welcome({ 'live:1': 0 }), lane, tick(1000), tick(2000), beat])
    expect(w.frames).toEqual([lane, tick(1000), tick(2000)])
    await w.time.run(100)
    expect(w.last().said).toMatchObject({ lanes: { 'live:1': { danmu: 2000 } }, waitS: WAIT_S })
    await w.answer(200, [welcome({ 'live:1': 0 }), lane, tick(3000), beat])
    await w.time.run(100)
    await w.answer(200, [welcome({ 'live:1': 0 }), { ...lane, stopped: true }, beat])
    expect(w.frames.slice(3)).toEqual([tick(3000), { ...lane, stopped: true }])
    await w.say({ t: 'unfollow', spaces: [], lanes: { 'live:1': ['danmu'] } })
    await w.time.run(2000)
    expect(w.last().said.lanes).toBeUndefined()
    await w.answer(200, [welcome({ 'live:1': 0 }), lane, tick(4000), beat])
    expect(w.frames).toHaveLength(5)
  })

  it('[L5] says something in a lane by a request of its own, and gives on what became of it', async () => {
    const w = world()
    await w.greet({ 'live:1': [0, ''] })
    const held = w.last()
    await w.say({ t: 'say', space: 'live:1', lane: 'danmu', n: 3, id: 'i1', body: { text: 'hi' } })
    expect(w.last()).toMatchObject({ path: '/v1/spaces/live%3A1/lanes/danmu', said: { id: 'i1', body: { text: 'hi' } } })
    await w.answer(200, { id: 'i1' })
    await w.say({ t: 'say', space: 'live:1', lane: 'danmu', n: 4, id: 'i2', body: {} })
    await w.answer(403, { error: { code: 'forbidden', message: 'blocked' } })
    await w.say({ t: 'say', space: 'live:1', lane: 'danmu', n: 5, id: 'i3', body: {} })
    w.last().fail()
    await settle()
    expect(w.frames).toMatchObject([
      { t: 'said', n: 3, id: 'i1' },
      { t: 'said', n: 4, error: { code: 'forbidden' } },
      { t: 'said', n: 5, error: { code: 'unavailable' } },
    ])
    expect([held.signal?.aborted, w.closed]).toEqual([false, []])
  })

  it('[B2] answers a follow by heads of what was stated, though polls state everything', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] }, range('room:1', 0, 2))
    const held = w.last()
    await w.say({ t: 'follow', spaces: { 'room:2': [0, ''] } })
    expect(held.signal?.aborted).toBe(true)
    expect(w.last().said).toMatchObject({ spaces: { 'room:1': [2, 'seal2'], 'room:2': [0, ''] }, waitS: 0 })
    // An answer that crossed the statement is of no poll that is under way.
    held.answer(200, [welcome({ 'room:1': 3 }), range('room:1', 2, 3), beat])
    await settle()
    expect(w.frames).toEqual([])
    await w.answer(200, [welcome({ 'room:1': 2, 'room:2': 0 }), range('room:1', 2, 2), range('room:2', 0, 0), beat])
    expect(w.frames).toEqual([{ t: 'heads', heads: { 'room:2': 0 }, acked: [0, ''] }, range('room:2', 0, 0)])
  })

  it('[R4] states again where the copy stands, whatever it was given', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] }, range('room:1', 0, 9))
    await w.say({ t: 'follow', spaces: { 'room:1': [4, 'seal4'] } })
    expect(w.last().said).toMatchObject({ spaces: { 'room:1': [4, 'seal4'] } })
  })

  it('no longer brings what was unfollowed, denied or behind, and says nothing of an unfollow by itself', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''], 'room:2': [0, ''], 'room:3': [0, ''] })
    const count = w.asked.length
    await w.say({ t: 'unfollow', spaces: ['room:1'] })
    expect(w.asked.length).toBe(count)
    const denied = { t: 'denied', space: 'room:2', error: { code: 'forbidden', message: 'no' } }
    const behind = { t: 'behind', space: 'room:3', head: 9000 }
    await w.answer(200, [welcome({}), range('room:1', 0, 1), denied, behind, beat])
    expect(w.frames).toEqual([denied, behind])
    await w.time.run(100)
    expect(w.last().said.spaces).toEqual({})
  })

  it('[B1] answers a beat by one of the server, asked for then', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    const held = w.last()
    await w.say({ t: 'beat', nextS: 60 })
    expect(held.signal?.aborted).toBe(true)
    expect(w.last().said.waitS).toBe(0)
    await w.answer(200, [welcome({ 'room:1': 1 }), range('room:1', 0, 1), beat])
    expect(w.frames).toEqual([range('room:1', 0, 1), beat])
  })

  it('asks on at once where an answer was not whole', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    await w.answer(200, [welcome({ 'room:1': 9 }), range('room:1', 0, 5)])
    expect(w.last().said).toMatchObject({ spaces: { 'room:1': [5, 'seal5'] }, waitS: 0 })
  })

  it.each([
    ['come back early with nothing', [welcome({}), beat]],
    ['are never whole and bring nothing', []],
  ])('asks ever more seldom where polls %s, until one brings something', async (_, nothing) => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    const count = w.asked.length
    const afterMs: number[] = []
    for (let n = 0; n < 8; n++) {
      await w.answer(200, nothing)
      const [asked, fromMs] = [w.asked.length, w.time.monotonicMs()]
      while (w.asked.length === asked) await w.time.run(500)
      afterMs.push(w.time.monotonicMs() - fromMs)
    }
    expect(afterMs).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    await w.answer(200, [welcome({}), range('room:1', 0, 1), beat])
    await w.time.run(100)
    expect(w.asked.length).toBe(count + 9)
  })

  it('[M3] writes by a request of its own, and another status says that nothing was looked at', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    const mutate = { t: 'mutate', client: CLIENT, on: '', mutations: [{ n: 4 }] }
    await w.say(mutate)
    expect(w.last()).toMatchObject({ path: '/v1/mutations', said: { client: CLIENT, on: '', mutations: [{ n: 4 }] } })
    const acks = [{ n: 4, nonce: '9f86d08188c0ffee', in: { 'room:9': 1 } }]
    await w.answer(200, { acks })
    await w.say(mutate)
    await w.answer(503, { error: unavailable })
    expect(w.frames).toEqual([
      { t: 'ack', client: CLIENT, acks },
      { t: 'ack', client: CLIENT, acks: [], error: { ...unavailable, n: 4 } },
    ])
    expect(w.closed).toEqual([])
  })

  it('[M4] fetches the version of an ack where the range that reaches it is no reason to answer a poll', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    const count = w.asked.length
    await w.say({ t: 'mutate', client: CLIENT, on: '', mutations: [{ n: 1 }] })
    await w.answer(200, { acks: [{ n: 1, nonce: '9f86d08188c0ffee', in: { 'room:1': 5 } }] })
    await w.time.run(600)
    expect(w.asked.length).toBe(count + 2)
    expect(w.last().said.waitS).toBe(0)
  })

  it('shows the token that came last', async () => {
    const w = world()
    await w.greet({})
    await w.say({ t: 'auth', token: 'fresh' })
    await w.say({ t: 'beat', nextS: 60 })
    expect(w.last().token).toBe('fresh')
  })

  it('[B9] ends where a fresh token is of another user', async () => {
    const w = world()
    await w.greet({})
    await w.answer(200, [welcome({}, 'mallory'), beat])
    expect([w.closed, w.frames]).toEqual([[4403], []])
  })

  it('ends with what it is refused for: a token, or a server that says when', async () => {
    const error = { code: 'token-expired', message: 'over', retryable: true }
    const expired = world()
    await expired.greet({})
    await expired.answer(401, { error })
    expect([expired.frames, expired.closed]).toEqual([[{ t: 'error', error }], [4401]])
    const full = world()
    await full.greet({})
    await full.answer(503, { error: { ...unavailable, afterMs: 4000 } })
    expect(full.frames).toEqual([{ t: 'goaway', afterMs: [4000, 5000], error: { ...unavailable, afterMs: 4000 } }])
    expect(full.closed).toEqual([4503])
  })

  it('waits less where the path ends what is silent, and only once that is known to be why', async () => {
    const w = world()
    await w.greet({})
    await w.time.run(12_000)
    w.last().fail()
    await settle()
    expect(w.last().said.waitS).toBe(0)
    expect(w.pace.waitS).toBe(WAIT_S)
    await w.answer(200, [welcome({}), beat])
    expect(w.pace.waitS).toBe(6)
    await w.time.run(1100)
    expect(w.last().said.waitS).toBe(6)
    expect(w.closed).toEqual([])
    await w.time.run(5000)
    w.last().fail()
    await settle()
    w.last().fail()
    await settle()
    expect([w.closed, w.pace.waitS]).toEqual([[1006], 6])
  })

  it('ends where a poll fails at once', async () => {
    const w = world()
    await w.greet({})
    w.last().fail()
    await settle()
    expect(w.closed).toEqual([1006])
  })

  it('ends where nothing answers in time, a poll as well as a batch', async () => {
    const w = world()
    await w.greet({})
    await w.time.run(WAIT_S * 1000 + 15_000)
    // Perhaps it was the silence.
    expect([w.closed, w.last().said.waitS]).toEqual([[], 0])
    await w.time.run(15_000)
    expect(w.closed).toEqual([1006])
    const first = world()
    await first.time.run(15_000)
    expect([first.opened, first.closed, first.last().signal?.aborted]).toEqual([0, [1006], true])
  })

  it('says nothing more once it was closed, and ends its requests', async () => {
    const w = world()
    await w.greet({ 'room:1': [0, ''] })
    await w.say({ t: 'mutate', client: CLIENT, on: '', mutations: [{ n: 1 }] })
    w.socket.close()
    await settle()
    expect(w.asked.slice(-2).map(({ signal }) => signal?.aborted)).toEqual([true, true])
    for (const { answer } of w.asked) answer(200, [welcome({}), range('room:1', 0, 1), beat])
    await w.say({ t: 'beat', nextS: 60 })
    await w.time.run(100_000)
    expect([w.frames, w.closed]).toEqual([[], []])
  })

  const wrong: Record<string, readonly [status: number, body: unknown, contentType?: string]> = {
    'the page of a captive portal': [200, '<html>Sign in</html>', 'text/html'],
    'its page said to be JSON': [200, '<html>Sign in</html>'],
    'no list': [200, { ok: true }],
    'a list of something else': [200, [null]],
    'the page of a proxy': [502, '<html>Bad gateway</html>', 'text/html'],
    'an error without a code': [500, { error: 'oh' }],
    'a text without end': [200, `[${' '.repeat(5_000_000)}]`],
  }
  for (const [name, answer] of Object.entries(wrong))
    it(`[B7] takes ${name} for unreachable, never for data`, async () => {
      const w = world()
      await w.greet({ 'room:1': [0, ''] })
      await w.answer(...answer)
      expect([w.frames, w.closed]).toEqual([[], [1006]])
      const first = world()
      await first.answer(...answer)
      expect([first.opened, first.closed]).toEqual([0, [1006]])
    })
})

describe('a polled socket, whatever comes', () => {
  const version = fc.constantFrom(0, 1, 2, 9, -1, 'x', null)
  const frame = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom<unknown>(
        welcome({ 'room:1': 1 }),
        beat,
        range('room:1', 0, 1),
        range('room:1', 1, 2),
        range('room:2', 0, 0),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        t: fc.constantFrom('welcome', 'range', 'denied', 'behind', 'heads', 'new'),
        space: version,
        from: version,
        to: version,
        seal: version,
        heads: version,
      }),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
  )
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        answer: fc.oneof(
          fc.array(frame, { maxLength: 5 }).map((frames) => [...frames, beat]),
          fc.jsonValue(),
        ),
        status: fc.constantFrom(200, 200, 200, 503),
      }),
    },
    { weight: 1, arbitrary: fc.constant('fail' as const) },
    {
      weight: 2,
      arbitrary: fc.record({
        say: fc.constantFrom<object>(
          { t: 'beat', nextS: 60 },
          { t: 'follow', spaces: { 'room:2': [0, ''] } },
          { t: 'unfollow', spaces: ['room:1'] },
          { t: 'mutate', client: CLIENT, on: '', mutations: [{ n: 1 }] },
          { t: 'auth', token: 'fresh' },
        ),
      }),
    },
    { weight: 3, arbitrary: fc.record({ ms: fc.integer({ min: 0, max: 60_000 }) }) },
  )

  it('asks on or is closed, never neither, and says nothing after its end', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const w = world()
        await w.greet({ 'room:1': [0, ''] })
        for (const each of steps) {
          if (each === 'fail') {
            w.last().fail()
            await settle()
          } else if ('say' in each) await w.say(each.say)
          else if ('ms' in each) await w.time.run(each.ms)
          else await w.answer(each.status, each.answer)
        }
        const [asked, frames] = [w.asked.length, w.frames.length]
        await w.time.run(60_000)
        if (w.closed.length === 0) expect(w.asked.length).toBeGreaterThan(asked)
        else {
          expect(w.closed.length).toBe(1)
          const { length } = w.frames
          w.last().answer(200, [range('room:1', 0, 1), beat])
          await w.time.run(60_000)
          expect(w.frames.length).toBe(length)
        }
        expect(frames).toBeLessThanOrEqual(w.frames.length)
      }),
      { numRuns: process.env.CI === undefined ? 150 : 2000 },
    )
  })
})
