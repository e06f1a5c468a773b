import { ForbiddenError, RateLimitedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const PATH = '/v1/spaces/live:1/lanes/danmu'

describe('POST to a lane', () => {
  it('[L5] says something, and answers with its id', async () => {
    const world = new HttpWorld()
    const answer = await world.post(PATH, JSON.stringify({ id: 'mine', body: { text: 'hi' } }))
    expect([answer.status, await answer.json()]).toEqual([200, { id: 'mine' }])
    expect(world.backend.said).toEqual([{ space: 'live:1', lane: 'danmu', id: 'mine', body: { text: 'hi' } }])
    expect(await (await world.post(PATH, '{"body":1}')).json()).toEqual({ id: 'made-2' })
    expect(await world.prometheus.text()).toContain('tidemark_says_total 2')
  })

  it.each([
    ['no JSON', PATH, '{', 400, 'bad-request'],
    ['an id that is none', PATH, '{"id":"a b","body":1}', 400, 'bad-request'],
    ['no space id', '/v1/spaces/Live/lanes/danmu', '{"body":1}', 400, 'bad-request'],
    ['what the backend refuses', PATH, '{"id":"bad","body":1}', 403, 'forbidden'],
  ])('%s is refused by its code', async (_, path, body, status, code) => {
    const world = new HttpWorld()
    world.backend.judge = async ({ id }) => {
      if (id === 'bad') throw new ForbiddenError('blocked')
    }
    expect(await refusal(await world.post(path, body))).toEqual([status, code])
    expect(world.backend.said).toEqual([])
  })

  it('takes its turn among what one address asks for, before its token is looked at', async () => {
    const admitted = async () => {
      throw new RateLimitedError('too many', { afterMs: 2000 })
    }
    const world = new HttpWorld({ admitted })
    const answer = await world.post(PATH, '{"body":1}', {})
    expect([answer.headers.get('retry-after'), await refusal(answer)]).toEqual(['2', [429, 'rate-limited']])
  })

  it('without a token is unauthenticated', async () => {
    expect(await refusal(await new HttpWorld().post(PATH, '{"body":1}', {}))).toEqual([401, 'unauthenticated'])
  })
})
