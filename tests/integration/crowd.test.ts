// Goal: `npm run crowd` brings a crowd that is there and speaks, and none to a machine that does not expect it.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['--conditions=@tidemark/source', 'scripts/crowd.ts', ...args], {
    cwd: new URL('../..', import.meta.url),
    timeout: 60_000,
  })

it('a crowd goes to this machine alone, unless somebody says yes', async () => {
  await expect(run('--url', 'http://example.com')).rejects.toMatchObject({ stderr: expect.stringContaining('not this machine') })
  await expect(run('--viewers', 'many')).rejects.toMatchObject({ stderr: expect.stringContaining('--viewers') })
})
