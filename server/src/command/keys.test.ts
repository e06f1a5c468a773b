import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { checkApiKey } from '../api-keys/api-keys.ts'
import { systemClock } from '../platform/system-clock.ts'
import { systemRandom } from '../platform/system-random.ts'
import { apiKeysFileIn, apiKeysFrom } from './api-keys-file.ts'
import { runKeys } from './keys.ts'

const SILENT = { info() {}, warn() {}, error() {} }
const NOW_MS = 1_763_596_800_000
const folder = mkdtempSync(join(tmpdir(), 'tidemark-keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let folders = 0

/** The command over a folder of its own. */
function bench() {
  const data = join(folder, `${folders++}`)
  mkdirSync(data)
  const run = (...args: string[]): { out: string[]; told: string[] } => {
    const out: string[] = []
    const told: string[] = []
    runKeys(args, { data, nowMs: NOW_MS, random: systemRandom, out: (line) => out.push(line), tell: (line) => told.push(line) })
    return { out, told }
  }
  const file = apiKeysFileIn(data)
  return { file, run, check: checkApiKey(apiKeysFrom(file), systemClock, SILENT) }
}

describe('tidemark keys', () => {
  it('create prints a key that is good at once, and keeps only its hash, in a file of its owner alone', async () => {
    const { file, run, check } = bench()
    const { out, told } = run('create', '--name', 'billing', '--scope', 'commit:room', '--scope', 'commit:user:alice', '--tenant', 'acme')
    const [key = ''] = out
    expect(out).toHaveLength(1)
    expect(await check(key)).toMatchObject({
      name: 'billing',
      tenant: 'acme',
      scopes: ['commit:room', 'commit:user:alice'],
      createdMs: NOW_MS,
    })
    expect(told.join()).not.toContain(key.slice(20))
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(20))
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('list shows what there is and no secret; revoke takes one key back and leaves the others', async () => {
    const { run, check } = bench()
    expect(run('list').out).toEqual([])
    const [first = ''] = run('create', '--name', 'a', '--scope', 'commit:*').out
    const [second = ''] = run('create', '--name', 'b', '--scope', 'commit:*', '--expires-days', '30').out
    const id = first.slice(3, 19)
    expect(run('revoke', id).told.join()).toContain(id)
    await expect(check(first)).rejects.toMatchObject({ code: 'unauthenticated' })
    const rows = run('list').out
    expect(rows[0]).toMatch(new RegExp(`^${id}  a  default  commit:\\*  revoked 2025-11-20$`))
    expect(rows[1]).toMatch(/good until 2025-12-20$/)
    expect(rows.join()).not.toContain(second.slice(20))
    run('revoke', id)
    expect(JSON.parse(run('list', '--json').out[0] ?? '')).toEqual({
      id,
      tenant: 'default',
      name: 'a',
      scopes: ['commit:*'],
      createdMs: NOW_MS,
      revokedAtMs: NOW_MS,
    })
  })

  it('list and revoke say where the folder of the data is none, and make none', () => {
    const { file, run } = bench()
    const data = join(file, '..')
    rmSync(data, { recursive: true })
    for (const args of [['list'], ['revoke', '0123456789abcdef']]) expect(() => run(...args)).toThrow(`${data}: there is no such folder`)
    expect(existsSync(data)).toBe(false)
    run('create', '--name', 'a', '--scope', 'commit:*')
    expect(run('list').out).toHaveLength(1)
  })

  it('is told to programs as JSON', () => {
    const { out } = bench().run('create', '--name', 'a', '--scope', 'commit:*', '--json')
    expect(JSON.parse(out[0] ?? '')).toMatchObject({ event: 'key', key: expect.stringMatching(/^tm_/), name: 'a' })
  })

  it.each([
    [[], 'create, list or revoke ID is needed; tidemark keys --help tells more.'],
    [['make'], 'make: create, list or revoke ID is needed'],
    [['create', '--scope', 'commit:*'], '--name'],
    [['create', '--name', 'a b', '--scope', 'commit:*'], '--name'],
    [['create', '--name', 'a'], '--scope is missing'],
    [['create', '--name', 'a', '--scope', 'commit'], '--scope commit:'],
    [['create', '--name', 'a', '--scope', 'push:*'], '--scope push:*'],
    [['create', '--name', 'a', '--scope', 'commit:*', '--expires-days', '0'], '--expires-days 0'],
    [['create', '--name', 'a', '--scope', 'commit:*', '--tenant', ''], '--tenant'],
    [['create', '--nmae', 'a'], "'--nmae'"],
    [['revoke'], 'revoke: create, list or revoke ID'],
    [['revoke', '0123456789abcdef'], 'There is no key 0123456789abcdef'],
  ])('%j says what is wrong, and writes nothing', (args, text) => {
    const { file, run } = bench()
    expect(() => run(...args)).toThrow(text)
    expect([existsSync(file), existsSync(`${file}.new`)]).toEqual([false, false])
  })

  it('a file that is damaged is no file of keys: none is good, and nothing is written over it', async () => {
    const { file, run, check } = bench()
    const [key = ''] = run('create', '--name', 'a', '--scope', 'commit:*').out
    for (const text of ['', '{', '[]', '{"keys":[{}]}', readFileSync(file, 'utf8').slice(0, -20)]) {
      chmodSync(file, 0o600)
      writeFileSync(file, text)
      await expect(check(key)).rejects.toMatchObject({ code: 'unavailable' })
      expect(() => run('create', '--name', 'b', '--scope', 'commit:*')).toThrow(/cannot be read as API keys/)
      expect(readFileSync(file, 'utf8')).toBe(text)
    }
  })

  it('two at once do not undo each other: the second is told to try again', () => {
    const { file, run } = bench()
    run('create', '--name', 'a', '--scope', 'commit:*')
    writeFileSync(`${file}.new`, '')
    expect(() => run('create', '--name', 'b', '--scope', 'commit:*')).toThrow(/Try again/)
    expect(run('list').out).toHaveLength(1)
  })
})
