// Goal: a cache in front can serve a crowd, and gives nobody what is another's. Method: the routes over a fake backend, asked without a network.
import { gunzipSync } from 'node:zlib'
import { UnauthenticatedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const PATH = '/v1/spaces/live:1/lanes/danmu'
const MINUTE_MS = 60_000

function worldOf(): HttpWorld {
  const world = new HttpWorld()
  world.backend.merge('live:1', 'danmu', 5 * MINUTE_MS, ['hello'])
  return world
}

describe('GET of a lane', () => {
  it('[L5] answers its ring, with an ETag and an age of one tick, to its reader alone', async () => {
    const answer = await worldOf().get(PATH)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ space: 'live:1', lane: 'danmu', tickMs: 1000, cap: 100 })
    expect(answer.headers.get('cache-control')).toBe('private, max-age=1')
    expect(answer.headers.get('vary')).toMatch(/Authorization/)
    expect(answer.headers.get('etag')).toMatch(/^W\/"[\w-]{22}"$/)
  })

  it('asked without a token it is public, and what the backend does not give to everyone stays refused', async () => {
    const world = worldOf()
    const answer = await world.get(PATH, {})
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=1'])
    expect(world.backend.asked.at(-1)).toEqual({ what: 'lane', space: 'live:1' })
    world.backend.lane = async () => {
      throw new UnauthenticatedError()
    }
    const refused = await world.get(PATH, {})
    expect(refused.headers.get('cache-control')).toBe('no-store')
    expect(await refusal(refused)).toEqual([401, 'unauthenticated'])
  })

  it('who has it already is told so in 304, until the ring is another', async () => {
    const world = worldOf()
    const etag = (await world.get(PATH)).headers.get('etag') ?? ''
    const again = await world.get(PATH, { authorization: 'Bearer alice', 'if-none-match': `"other", ${etag}` })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    expect(again.headers.get('cache-control')).toBe('private, max-age=1')
    world.backend.lane = async () => ({ text: '{"ticks":[1]}', frames: [], newest: 1, tickMs: 100 })
    const other = await world.get(PATH, { authorization: 'Bearer alice', 'if-none-match': etag })
    expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'private, max-age=1'])
    expect(other.headers.get('etag')).not.toBe(etag)
  })

  it('is compressed as other answers are', async () => {
    const world = worldOf()
    const text = JSON.stringify({ ticks: ['x'.repeat(5000)] })
    world.backend.lane = async () => ({ text, frames: [], newest: 1, tickMs: 60_000 })
    const answer = await world.get(PATH, { authorization: 'Bearer alice', 'accept-encoding': 'gzip' })
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('cache-control')).toBe('private, max-age=60')
    expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toBe(text)
  })

  it('asks for what came after `since`', async () => {
    const world = worldOf()
    const asked: number[] = []
    const { lane } = world.backend
    world.backend.lane = (principal, space, name, since) => {
      asked.push(since)
      return lane.call(world.backend, principal, space, name, since)
    }
    await world.get(PATH)
    await world.get(`${PATH}?since=1763596800000`)
    expect(asked).toEqual([0, 1_763_596_800_000])
  })

  it.each(['/v1/spaces/Live/lanes/danmu', '/v1/spaces/live:1/lanes/Danmu', `${PATH}?since=-1`, `${PATH}?since=`, `${PATH}/archive/now`])(
    '%s is bad-request',
    async (path) => {
      expect(await refusal(await worldOf().get(path))).toEqual([400, 'bad-request'])
    },
  )

  it('a token that does not count is told so, whether the lane is public or not', async () => {
    expect(await refusal(await worldOf().get(PATH, { authorization: 'Bearer bad' }))).toEqual([401, 'unauthenticated'])
  })
})

describe("GET of a lane's archive", () => {
  it('[L5] a page that is whole never grows old; one that is not does after a tick', async () => {
    const world = worldOf()
    const page = await world.get(`${PATH}/archive/${5 * MINUTE_MS}`, {})
    expect(await page.json()).toMatchObject({ from: 5 * MINUTE_MS, to: 6 * MINUTE_MS, whole: false, ticks: [{ tick: 5 * MINUTE_MS }] })
    expect(page.headers.get('cache-control')).toBe('public, max-age=1')
    world.backend.merge('live:1', 'danmu', 6 * MINUTE_MS, ['later'])
    const whole = await world.get(`${PATH}/archive/${5 * MINUTE_MS}`)
    expect(whole.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
  })

  it('a page that is whole is kept by no cache past its horizon', async () => {
    const world = worldOf()
    world.backend.lanePage = async () => ({ text: '{}', whole: true, leftMs: 90_500, tickMs: 1000 })
    const page = await world.get(`${PATH}/archive/0`, {})
    expect(page.headers.get('cache-control')).toBe('public, max-age=90, immutable')
  })

  it('what is not there is not-found, and kept by no cache', async () => {
    const answer = await worldOf().get('/v1/spaces/live:1/lanes/other/archive/0')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await refusal(answer)).toEqual([404, 'not-found'])
  })
})
