// Goal: `npm run crowd` brings a crowd that is there, speaks, and hears itself; and none to a machine that does not expect it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createSyncServer, memoryChangelog, serve } from '@tidemark/server'
import { expect, it } from 'vitest'
import { access, app } from '../../demo-app/backend.ts'

const VIEWERS = 20
const SECONDS = process.env.CI === undefined ? 3 : 10
const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', 'scripts/crowd.ts', ...args], {
    cwd: new URL('../..', import.meta.url),
    timeout: 60_000,
  })

it('a crowd of real connections follows the stage, and what it says comes back in ticks', async () => {
  const server = createSyncServer({
    app,
    access,
    changelog: memoryChangelog(),
    authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: undefined }),
    dev: { token: async (user) => user },
  })
  const listening = await serve(server, { port: 0 })
  try {
    const { stdout } = await run('--url', listening.url, '--viewers', String(VIEWERS), '--rate', '20', '--seconds', String(SECONDS))
    const rows = stdout.trim().split('\n').slice(1)
    const columns = rows.map((row) => row.trim().split(/\s+/))
    expect(columns).toHaveLength(SECONDS)
    expect(Number(columns.at(-1)?.[0])).toBe(VIEWERS)
    const sum = (at: number) => columns.reduce((all, row) => all + Number(row[at]), 0)
    const [, said, taken, refused, ticks, items] = [0, 1, 2, 3, 4, 5].map(sum)
    expect({ said, refused }).toEqual({ said: expect.toSatisfy((count: number) => count > 20), refused: 0 })
    expect(taken).toBeGreaterThan(20)
    expect(ticks).toBeGreaterThanOrEqual(1)
    expect(items).toBeGreaterThan(0)
  } finally {
    await listening.close()
  }
})

it('a crowd goes to this machine alone, unless somebody says yes', async () => {
  await expect(run('--url', 'http://example.com')).rejects.toMatchObject({ stderr: expect.stringContaining('not this machine') })
  await expect(run('--viewers', 'many')).rejects.toMatchObject({ stderr: expect.stringContaining('--viewers') })
})
