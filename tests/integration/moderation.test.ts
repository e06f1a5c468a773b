// Goal: who runs a show does so with a replica like any other. Method: a real server; a desk, opened with the kind that comes with the library
// and an app of its own; a viewer who says things over HTTP.
import { openReplica } from '@tidemark/client'
import { createSyncServer, memoryChangelog, serve } from '@tidemark/server'
import { defineApp, type JsonObject, lane, moderationSpace, space } from '@tidemark/shared'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'

const app = defineApp({
  version: '1',
  spaces: { live: space({ lanes: { danmu: lane(v.object({ text: v.string() }), { text: 'text', tickMs: 100 }) } }) },
})
const desk = defineApp({ version: '1', spaces: { moderation: moderationSpace } })
const LANE = { space: 'live:1', lane: 'danmu' }

describe('a desk', () => {
  it('holds, releases, blocks and announces with a replica, sees what comes live, and is shut to who is no admin', async () => {
    const server = createSyncServer({
      app,
      changelog: memoryChangelog(),
      authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
      access: { live: () => 'write', moderation: (user) => (user === 'host' ? 'admin' : 'none') },
    })
    const listening = await serve(server, { port: 0 })
    const url = `http://localhost:${listening.port}`
    const open = (user: string) => openReplica({ app: desk, url, user, token: () => user, indexedDB: new IDBFactory(), IDBKeyRange })
    const say = async (user: string, text: string) => {
      const headers = { authorization: `Bearer ${user}`, 'content-type': 'application/json' }
      const answer = await fetch(`${url}/v1/spaces/live:1/lanes/danmu`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ body: { text } }),
      })
      return answer.status
    }
    const shown = async () => {
      const answer = await fetch(`${url}/v1/spaces/live:1/lanes/danmu`, { headers: { authorization: 'Bearer bob' } })
      const { ticks } = (await answer.json()) as { ticks: { items: { body: JsonObject; announcement?: true }[] }[] }
      return ticks.flatMap(({ items }) => items.map(({ body }) => body.text))
    }

    const host = await open('host')
    const moderation = host.space('moderation')
    await (await moderation.mutate.addWords({ words: ['hm'], action: 'hold' })).confirmed
    expect(await say('bob', 'H.M.')).toBe(200)
    await expect.poll(() => moderation.held.toArray(), { timeout: 20_000 }).toMatchObject([{ by: 'bob', text: 'H.M.' }])
    const [held] = await moderation.held.toArray()
    await (await moderation.mutate.release({ id: held?.$id ?? '' })).confirmed
    await expect.poll(shown, { timeout: 20_000 }).toEqual(['H.M.'])
    await (await moderation.mutate.announce({ ...LANE, id: 'n1', text: 'Five minutes' })).confirmed
    await (await moderation.mutate.block({ user: 'bob', forMs: 60_000 })).confirmed
    expect(await say('bob', 'fine')).toBe(403)
    await expect.poll(shown, { timeout: 20_000 }).toEqual(['H.M.', 'Five minutes'])
    await expect
      .poll(async () => (await moderation.audit.orderBy('$b').toArray()).map(({ act }) => act), { timeout: 20_000 })
      .toEqual(['addWords hold', 'release', 'announce', 'block'])

    const bob = await open('bob')
    const refused = await bob.space('moderation').mutate.forgive({ user: 'bob' })
    await expect(refused.confirmed).rejects.toMatchObject({ code: 'forbidden' })
    expect(await bob.space('moderation').held.toArray()).toEqual([])

    await Promise.all([host.close(), bob.close()])
    await listening.close()
  })
})
