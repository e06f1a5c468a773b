import { parseAnswer, range } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { sealOf } from '../../test/fake-backend.ts'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const CLIENT = `c_${'A'.repeat(22)}`

describe('GET changes', () => {
  it('answers the range that stands on since and seal, and no cache keeps it', async () => {
    const world = new HttpWorld()
    for (const text of ['one', 'two']) world.backend.commit('room:a', text)
    const answer = await world.get(`/v1/spaces/room:a/changes?since=1&seal=${sealOf('a', 1)}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    const read = parseAnswer(range, await answer.text())
    expect(read).toMatchObject({ space: 'room:a', from: 1, on: sealOf('a', 1), to: 2, seal: sealOf('a', 2), head: 2 })
    expect(read.acked).toBeUndefined()
  })

  it('with a client id says what is acked for it', async () => {
    const world = new HttpWorld()
    const answer = await world.get(`/v1/spaces/room%3Aa/changes?since=0&client=${CLIENT}`)
    expect(await answer.json()).toMatchObject({ space: 'room:a', from: 0, to: 0, changes: [], acked: [0, ''] })
  })

  it('asks for at most 10,000 changes, 1,000 when no limit is given', async () => {
    const world = new HttpWorld()
    const bounds: number[] = []
    const pull = world.backend.pull.bind(world.backend)
    world.backend.pull = (principal, space, ask, asked, client, window) => {
      bounds.push(asked.changesMax)
      return pull(principal, space, ask, asked, client, window)
    }
    for (const limit of ['', '&limit=7', '&limit=999999']) await world.get(`/v1/spaces/room:a/changes?since=0${limit}`)
    expect(bounds).toEqual([1000, 7, 10_000])
  })

  it('[W1] cuts windows unless it says window=all', async () => {
    const world = new HttpWorld()
    const windows: string[] = []
    const pull = world.backend.pull.bind(world.backend)
    world.backend.pull = (principal, space, ask, asked, client, window) => {
      windows.push(window)
      return pull(principal, space, ask, asked, client, window)
    }
    for (const window of ['', '&window=default', '&window=all']) await world.get(`/v1/spaces/room:a/changes?since=0${window}`)
    expect(windows).toEqual(['default', 'default', 'all'])
  })

  it.each([
    ['/v1/spaces/Room/changes?since=0', 400],
    ['/v1/spaces/room:__proto__/changes?since=0', 400],
    ['/v1/spaces/room:a/changes', 400],
    ['/v1/spaces/room:a/changes?since=', 400],
    ['/v1/spaces/room:a/changes?since=-1', 400],
    ['/v1/spaces/room:a/changes?since=1.5', 400],
    ['/v1/spaces/room:a/changes?since=1e3', 400],
    ['/v1/spaces/room:a/changes?since=9007199254740993', 400],
    ['/v1/spaces/room:a/changes?since=1', 400],
    ['/v1/spaces/room:a/changes?since=1&seal=', 400],
    [`/v1/spaces/room:a/changes?since=1&seal=${'a'.repeat(97)}`, 400],
    ['/v1/spaces/room:a/changes?since=1&seal=%C3%A9', 400],
    ['/v1/spaces/room:a/changes?since=0&limit=0', 400],
    ['/v1/spaces/room:a/changes?since=0&limit=many', 400],
    ['/v1/spaces/room:a/changes?since=0&window=some', 400],
    ['/v1/spaces/room:a/changes?since=0&client=me', 400],
  ])('%s is bad-request', async (path, status) => {
    expect(await refusal(await new HttpWorld().get(path))).toEqual([status, 'bad-request'])
  })

  it.each([
    ['no token', {}],
    ['a token that does not verify', { authorization: 'Bearer bad' }],
    ['another scheme', { authorization: 'Basic YWxpY2U6' }],
    ['two tokens', { authorization: 'Bearer a b' }],
  ])('%s is unauthenticated', async (_, headers) => {
    const answer = await new HttpWorld().get('/v1/spaces/room:a/changes?since=0', headers as Record<string, string>)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await refusal(answer)).toEqual([401, 'unauthenticated'])
  })

  it('a token in the URL is no token', async () => {
    const answer = await new HttpWorld().get('/v1/spaces/room:a/changes?since=0&token=alice&access_token=alice', {})
    expect(await refusal(answer)).toEqual([401, 'unauthenticated'])
  })

  it('what the backend cannot serve now is 503 with the time to wait', async () => {
    const world = new HttpWorld()
    world.backend.down = true
    const answer = await world.get('/v1/spaces/room:a/changes?since=0')
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await refusal(answer)).toEqual([503, 'unavailable'])
  })

  it('a failure inside is internal, is logged without the token, and tells the client nothing of it', async () => {
    const world = new HttpWorld()
    world.backend.pull = async () => {
      throw new Error('disk sector 7')
    }
    const answer = await world.get('/v1/spaces/room:a/changes?since=0', { authorization: 'Bearer alice-secret-token' })
    const text = await answer.text()
    expect([answer.status, text.includes('sector')]).toEqual([500, false])
    expect(world.logged).toHaveLength(1)
    expect(JSON.stringify(world.logged)).not.toContain('secret-token')
  })
})
