import { olderPage, parseAnswer } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { sealOf } from '../../test/fake-backend.ts'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const PATH = '/v1/spaces/room:a/collections/messages/older'

describe('GET older', () => {
  it('[W1] answers documents, floor, head and its seal, and no cache keeps it', async () => {
    const world = new HttpWorld()
    world.backend.commit('room:a', 'one')
    const answer = await world.get(`${PATH}?before=97`)
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(parseAnswer(olderPage, await answer.text())).toMatchObject({
      docs: [{ v: 97, c: 'messages' }],
      floor: 0,
      head: 1,
      seal: sealOf('a', 1),
    })
  })

  it('asks for at most 10,000 documents, 1,000 when no limit is given', async () => {
    const world = new HttpWorld()
    const limits: string[] = []
    for (const limit of ['', '&limit=7', '&limit=999999']) {
      const { docs } = parseAnswer(olderPage, await (await world.get(`${PATH}?before=97${limit}`)).text())
      limits.push(docs[0]?.id ?? '')
    }
    expect(limits).toEqual(['m1000', 'm7', 'm10000'])
  })

  it.each([
    '/v1/spaces/Room/collections/messages/older?before=9',
    '/v1/spaces/room:a/collections/Messages/older?before=9',
    '/v1/spaces/room:a/collections/__proto__/older?before=9',
    PATH,
    `${PATH}?before=`,
    `${PATH}?before=-1`,
    `${PATH}?before=1.5`,
    `${PATH}?before=9007199254740993`,
    `${PATH}?before=9&limit=0`,
    `${PATH}?before=9&limit=all`,
  ])('%s is bad-request', async (path) => {
    expect(await refusal(await new HttpWorld().get(path))).toEqual([400, 'bad-request'])
  })

  it('has its token in the header', async () => {
    expect(await refusal(await new HttpWorld().get(`${PATH}?before=9&token=alice`, {}))).toEqual([401, 'unauthenticated'])
  })

  it('what the backend cannot serve now is 503', async () => {
    const world = new HttpWorld()
    world.backend.down = true
    expect(await refusal(await world.get(`${PATH}?before=9`))).toEqual([503, 'unavailable'])
  })
})
