import { LIMITS, POLL_WAIT_S_MAX, RateLimitedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { sealOf } from '../../test/fake-backend.ts'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const CLIENT = `c_${'A'.repeat(22)}`
const hello = (spaces: object, more: object = {}) => JSON.stringify({ client: CLIENT, spaces, nextS: 60, app: '1', waitS: 25, ...more })

type Frame = { readonly t: string; readonly [field: string]: unknown }

/** A poll that is under way. */
function poll(world: HttpWorld, body: string, headers?: Record<string, string>) {
  let frames: Frame[] | undefined
  const answered = world.post('/v1/poll', body, headers).then(async (answer) => {
    expect(answer.status).toBe(200)
    frames = (await answer.json()) as Frame[]
    return frames
  })
  return {
    answered,
    /** The types of its frames; undefined while it is held. */
    get order() {
      return frames?.map(({ t }) => t)
    },
  }
}

describe('POST poll', () => {
  it('[B10] is answered at once where a copy lacks something: welcome, all of it, and the sum over where the copies stand then', async () => {
    const world = new HttpWorld()
    world.backend.pageMax = 2
    for (const text of ['one', 'two', 'three', 'four', 'five']) world.backend.commit('room:a', text)
    const asked = poll(world, hello({ 'room:a': [1, sealOf('a', 1)], 'room:b': [0, ''] }))
    await world.clock.pass(0)
    expect(asked.order?.[0]).toBe('welcome')
    expect(asked.order?.at(-1)).toBe('beat')
    const frames = await asked.answered
    const ranges = frames.filter(({ t, space }) => t === 'range' && space === 'room:a')
    expect(ranges.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [3, 5],
    ])
    expect(frames.at(-1)?.sum).toBe(5 + 1 + Number.parseInt(sealOf('a', 5).slice(0, 8), 16) + 1)
    expect(world.gateway.connections).toBe(0)
    expect(world.clock.timers).toBe(1)
  })

  it('[B10] is held while there is nothing but welcome and empty ranges, and answered by the first commit', async () => {
    const world = new HttpWorld()
    const asked = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(20_000)
    expect(asked.order).toBeUndefined()
    expect(world.gateway.connections).toBe(1)
    world.backend.commit('room:a', 'one')
    await world.clock.pass(20)
    expect(asked.order).toEqual(['welcome', 'range', 'range', 'beat'])
    expect(world.gateway.connections).toBe(0)
  })

  it('is answered when waitS is over, with what there is, and waits no longer than the protocol lets it', async () => {
    const world = new HttpWorld()
    const asked = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(24_900)
    expect(asked.order).toBeUndefined()
    await world.clock.pass(200)
    expect(asked.order).toEqual(['welcome', 'range', 'beat'])
    const patient = poll(world, hello({}, { waitS: 1e9, nextS: 1 }))
    await world.clock.pass(POLL_WAIT_S_MAX * 1000 - 100)
    expect(patient.order).toBeUndefined()
    await world.clock.pass(200)
    expect(patient.order).toEqual(['welcome', 'beat'])
  })

  it('with waitS 0 waits for the backend alone', async () => {
    const world = new HttpWorld()
    let open = () => {}
    world.backend.gate = new Promise((resolve) => {
      open = resolve
    })
    const asked = poll(world, hello({ 'room:a': [0, ''] }, { waitS: 0 }))
    await world.clock.pass(5000)
    expect(asked.order).toBeUndefined()
    open()
    await world.clock.pass(0)
    expect(asked.order).toEqual(['welcome', 'range', 'beat'])
  })

  it('[L4] brings the ring of each lane after the tick that it states; how the lane runs is no news, a tick is', async () => {
    const world = new HttpWorld()
    world.backend.merge('room:a', 'danmu', 1000, ['one'])
    const stating = (tick: number) => hello({ 'room:a': [0, ''] }, { lanes: { 'room:a': { danmu: tick } } })
    const first = poll(world, stating(0))
    await world.clock.pass(0)
    expect(first.order).toEqual(['welcome', 'range', 'lane', 'tick', 'beat'])
    const second = poll(world, stating(1000))
    await world.clock.pass(10_000)
    expect(second.order).toBeUndefined()
    world.backend.merge('room:a', 'danmu', 2000, ['two'])
    await world.clock.pass(0)
    expect(second.order).toEqual(['welcome', 'range', 'lane', 'tick', 'beat'])
    expect((await second.answered).find(({ t }) => t === 'tick')?.tick).toBe(2000)
  })

  it('[L4] is answered where a lane that it follows runs otherwise from now on', async () => {
    const world = new HttpWorld()
    world.backend.lanes.set('room:a danmu', [])
    const asked = poll(world, hello({ 'room:a': [0, ''] }, { lanes: { 'room:a': { danmu: 0 } } }))
    await world.clock.pass(1000)
    expect(asked.order).toBeUndefined()
    const frame = JSON.stringify({ t: 'lane', space: 'room:a', lane: 'danmu', tickMs: 1000, cap: 5, stopped: true })
    world.bus.publish({ tenant: 'default', space: 'room:a', lane: 'danmu', frame })
    await world.clock.pass(0)
    expect(asked.order).toEqual(['welcome', 'range', 'lane', 'lane', 'beat'])
  })

  it('with waitS 0 brings the ring, too, where that comes in time', async () => {
    const world = new HttpWorld()
    world.backend.merge('room:a', 'danmu', 1000, ['one'])
    const gate = Promise.withResolvers<void>()
    world.backend.laneGate = gate.promise
    const asked = poll(world, hello({ 'room:a': [0, ''] }, { waitS: 0, lanes: { 'room:a': { danmu: 0 } } }))
    await world.clock.pass(1000)
    expect(asked.order).toBeUndefined()
    gate.resolve()
    await world.clock.pass(0)
    expect(asked.order).toEqual(['welcome', 'range', 'lane', 'tick', 'beat'])
  })

  it('says what is denied, and is no reason to wait', async () => {
    const world = new HttpWorld()
    world.backend.denied.set('alice room:x', new RateLimitedError('later'))
    const asked = poll(world, hello({ 'room:x': [0, ''], 'room:a': [0, ''] }))
    await world.clock.pass(0)
    expect(asked.order).toEqual(['welcome', 'denied', 'range', 'beat'])
  })

  it('[B10] leaves before it grows long: what is lacking then comes with the next one', async () => {
    const world = new HttpWorld()
    world.backend.padding = 'x'.repeat(100_000)
    for (let n = 0; n < 20; n++) world.backend.commit('room:a', 'one')
    const taken: number[] = []
    for (let at = 0; at < 20; ) {
      const asked = poll(world, hello({ 'room:a': [at, at === 0 ? '' : sealOf('a', at)] }))
      await world.clock.pass(0)
      const frames = await asked.answered
      expect(JSON.stringify(frames).length).toBeLessThan(2 * 262_144)
      at = Number(frames.filter(({ t }) => t === 'range').at(-1)?.to)
      taken.push(at)
    }
    expect(taken.length).toBeGreaterThan(3)
    expect(world.gateway.connections).toBe(0)
  })

  it('[B9] hears of a token that ends soon with what else there is, and a token that ends ends the poll', async () => {
    const world = new HttpWorld()
    world.backend.expiresAtMs = world.clock.nowMs() + 40_000
    const asked = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(24_900)
    expect(asked.order).toBeUndefined()
    await world.clock.pass(200)
    expect(asked.order).toEqual(['welcome', 'range', 'error', 'beat'])
    world.backend.expiresAtMs = world.clock.nowMs() - 60_000
    const late = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(0)
    expect((await late.answered).at(-1)).toMatchObject({ t: 'error', error: { code: 'token-expired' } })
  })

  it('is sent away with everybody else', async () => {
    const world = new HttpWorld()
    const asked = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(100)
    void world.gateway.stop({ afterMs: [500, 1000], finishMs: 100, graceMs: 100 })
    await world.clock.pass(0)
    expect((await asked.answered).at(-1)).toMatchObject({ t: 'goaway', afterMs: [500, 1000] })
  })

  it('[B11] of a crowd wait for their turn, and past that are told when to come again, with 503', async () => {
    const world = new HttpWorld({ bounds: { hellosPerS: 10 } })
    const answers = Array.from({ length: 60 }, (_, at) =>
      world.post('/v1/poll', hello({ 'room:a': [0, ''] }, { waitS: 0 }), { authorization: `Bearer u${at}` }),
    )
    await world.clock.pass(5000)
    const all = await Promise.all(answers)
    const away = all.filter(({ status }) => status === 503)
    expect(all.filter(({ status }) => status === 200)).toHaveLength(41)
    expect(away).toHaveLength(19)
    const errors = await Promise.all(
      away.map(async (answer) => ((await answer.json()) as { error: { code: string; afterMs: number } }).error),
    )
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['unavailable']))
    expect(errors.map(({ afterMs }) => afterMs).sort((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, at) => 4100 + 100 * at))
  })

  it('that nobody waits for any more holds nothing', async () => {
    const world = new HttpWorld()
    const gone = new AbortController()
    const headers = { authorization: 'Bearer alice' }
    const request = new Request('http://localhost/v1/poll', {
      method: 'POST',
      body: hello({ 'room:a': [0, ''] }),
      headers,
      signal: gone.signal,
    })
    void world.hono.request(request)
    await world.clock.pass(100)
    expect(world.gateway.connections).toBe(1)
    gone.abort()
    await world.clock.pass(0)
    expect(world.gateway.connections).toBe(0)
  })

  it('that was ended before it began asks nothing, and leaves no timer behind', async () => {
    const world = new HttpWorld({ bounds: { connectionsMax: 0 } })
    const { timers } = world.clock
    expect(await refusal(await world.post('/v1/poll', hello({ 'room:a': [0, ''] })))).toEqual([503, 'unavailable'])
    const request = new Request('http://localhost/v1/poll', {
      method: 'POST',
      body: hello({}),
      headers: { authorization: 'Bearer alice' },
      signal: AbortSignal.abort(),
    })
    await world.hono.request(request)
    await world.clock.pass(0)
    expect(world.backend.asked).toEqual([])
    expect([world.gateway.connections, world.clock.timers]).toEqual([0, timers])
  })

  it('one of very many of a user ends the oldest, and nobody else is touched', async () => {
    const world = new HttpWorld()
    const bob = poll(world, hello({ 'room:a': [0, ''] }), { authorization: 'Bearer bob' })
    const first = poll(world, hello({ 'room:a': [0, ''] }))
    await world.clock.pass(0)
    const others = Array.from({ length: 32 }, () => poll(world, hello({ 'room:a': [0, ''] })))
    await world.clock.pass(0)
    expect(first.order).toEqual(['welcome', 'range', 'beat'])
    expect([bob, ...others].map(({ order }) => order)).toEqual(Array.from({ length: 33 }, () => undefined))
  })

  it('is refused with the status of its error where nothing was followed', async () => {
    const world = new HttpWorld()
    const bad = { authorization: 'Bearer bad' }
    expect(await refusal(await world.post('/v1/poll', hello({}), bad))).toEqual([401, 'unauthenticated'])
    expect(await refusal(await world.post('/v1/poll', hello({}), {}))).toEqual([401, 'unauthenticated'])
    world.stopping = true
    expect(await refusal(await world.post('/v1/poll', hello({})))).toEqual([503, 'unavailable'])
  })

  it('is unavailable where the backend is', async () => {
    const world = new HttpWorld()
    world.backend.open = async () => {
      throw new RateLimitedError('slower', { afterMs: 1234 })
    }
    const answer = await world.post('/v1/poll', hello({}))
    expect(answer.headers.get('retry-after')).toBe('2')
    expect(await refusal(answer)).toEqual([429, 'rate-limited'])
  })

  it('is given up where nothing answers behind it', async () => {
    const world = new HttpWorld()
    world.backend.open = () => new Promise(() => {})
    const asked = world.post('/v1/poll', hello({}))
    await world.clock.pass(120_000)
    expect(await refusal(await asked)).toEqual([503, 'unavailable'])
    expect(world.gateway.connections).toBe(0)
  })

  it.each([
    ['', 400, 'bad-request'],
    ['[]', 400, 'bad-request'],
    [hello({}, { waitS: undefined }), 400, 'bad-request'],
    [hello({}, { waitS: -1 }), 400, 'bad-request'],
    [hello({ 'no space': [0, ''] }), 400, 'bad-request'],
    [hello({}, { client: 'c_1' }), 400, 'bad-request'],
    ['x'.repeat(LIMITS.bytes + 1), 413, 'too-large'],
  ])('case %#: a body that cannot be read has its code, and nothing is asked', async (body, status, code) => {
    const world = new HttpWorld()
    expect(await refusal(await world.post('/v1/poll', body))).toEqual([status, code])
    expect(world.backend.asked).toEqual([])
  })
})
