// The benchmarks run, each tiny, in the way `npm run bench` runs them: they count their own work, and fail where it was not done.

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../bench/measure/report.ts'
import { findChromium } from '../browser/find-chromium.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const chromium = await findChromium()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemark-bench-test-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function bench(...args: readonly string[]): Promise<Report> {
  const json = join(folder, 'report.json')
  const argv = ['--conditions=@tidemark/source', 'bench/main.ts', '--tiny', '--json', json, ...args]
  await promisify(execFile)(process.execPath, argv, { cwd: root, env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' } })
  return JSON.parse(await readFile(json, 'utf8'))
}

describe('a benchmark', () => {
  // Those in a browser where there is time.
  const names = ['mutations', 'fan-out', ...(process.env.CI === undefined ? [] : ['lanes', 'idle', 'first-sync', 'watch'])]
  it.each(names)('%s measures itself beside its floor', async (name) => {
    const { figures, ...machine } = await bench('--only', name)
    expect(machine).toEqual({
      command: expect.stringContaining(name),
      node: process.version,
      platform: expect.any(String),
      cores: expect.any(Number),
    })
    if (['first-sync', 'watch'].includes(name) && chromium === undefined) return expect(figures).toEqual([])
    expect(figures.length).toBeGreaterThan(0)
    for (const { bench, measured, rounds } of figures) {
      expect([bench, rounds]).toEqual([name, 1])
      expect(measured.map(({ name }) => name)).toEqual(['ours', ...measured.slice(1).map(({ name }) => name)])
      expect(measured.length).toBeGreaterThan(1)
    }
    // CPU seconds and bytes of a tiny run are too few to mean anything, but somebody worked.
    expect(figures.some(({ measured }) => measured.every(({ median }) => median > 0))).toBe(true)
  })

  it('that does not exist is told by name', async () => {
    await expect(bench('--only', 'nonsense')).rejects.toThrow(/There is no benchmark nonsense: choose among mutations, fan-out/)
  })
})
