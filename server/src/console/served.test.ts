// Goal: a whole server tells its console what really happened. Method: createSyncServer on a changelog in memory, asked over its own routes.
import { defineApp, lane, space } from '@tidemark/shared'
import * as v from 'valibot'
import { expect, it } from 'vitest'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { createSyncServer } from '../sync-server.ts'
import type { ConsoleLimits, ConsoleOverview, ConsoleRefused } from './answers.ts'

const app = defineApp({
  version: '1',
  spaces: { live: space({ lanes: { danmu: lane(v.object({ text: v.string() }), { text: 'text' }) } }) },
})

function running(more: { readonly console?: boolean } = {}) {
  const server = createSyncServer({
    app,
    changelog: memoryChangelog(),
    authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
    access: {
      live: (user) => (user === 'eve' ? 'read' : 'write'),
      moderation: (user) => (user === 'host' ? 'admin' : user === 'looker' ? 'read' : 'none'),
    },
    ...more,
  })
  const ask = async (user: string, path: string, body?: object) =>
    await server.hono.request(path, {
      headers: { authorization: `Bearer ${user}` },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })
  return { server, ask }
}

it('whoever moderates sees what was refused, by its user, and the limits in force; the rule says who acts and who looks', async () => {
  const { server, ask } = running()
  const said = await ask('eve', '/v1/spaces/live:main/lanes/danmu', { body: { text: 'hello' } })
  expect(said.status).toBe(403)
  const mutation = {
    n: 1,
    nonce: 'a'.repeat(16),
    space: 'moderation',
    name: 'stop',
    args: { space: 'live:main', lane: 'danmu' },
    madeMs: 1,
  }
  await ask('eve', '/v1/mutations', { client: `c_${'e'.repeat(22)}`, on: '', mutations: [mutation] })

  const { refused } = (await (await ask('host', '/v1/console/refused')).json()) as ConsoleRefused
  expect(refused.map(({ user, code, name, space }) => [user, code, name, space])).toEqual([
    ['eve', 'forbidden', 'stop', 'moderation'],
    ['eve', 'forbidden', 'danmu', 'live:main'],
  ])
  const { groups } = (await (await ask('looker', '/v1/console/limits')).json()) as ConsoleLimits
  expect(groups.find(({ name }) => name === 'says')?.limits).toMatchObject({ lanePerS: 2, laneBurst: 10, bytesMax: 4096 })
  const may = async (user: string) => ((await (await ask(user, '/v1/console/overview')).json()) as ConsoleOverview).may
  expect([await may('host'), await may('looker'), (await ask('eve', '/v1/console/overview')).status]).toEqual(['admin', 'read', 403])
  const { kinds } = (await (await ask('host', '/v1/console/overview')).json()) as ConsoleOverview
  expect(kinds.live?.lanes.danmu).toMatchObject({ tickMs: 1000, cap: 100, ring: 10, text: 'text' })
  await server.close()
})

it('a server that was told to have no console has none', async () => {
  const { server, ask } = running({ console: false })
  expect((await ask('host', '/v1/console/overview')).status).toBe(404)
  await server.close()
})
