// Goal: [L2] what was answered outlives the process, and is seen once. Method: real processes that say things, over one file, each killed with SIGKILL
// at a moment of chance; each says some of what was said before once more. In the end every id is looked for in the ticks that the file holds.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Tick } from '@tidemark/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { DANMU, LaneWorld, laneApp } from '../../../test/lane-world.ts'
import { sqliteLaneStore } from './sqlite-lane-store.ts'

const KILLS = process.env.CI === undefined ? 1 : 25
/** What is new of each at least, and how long one lives after that at most, in ms. */
const NEW_SAYS_MIN = 20
const LIFE_MS_MAX = 400
const CHILD = fileURLToPath(new URL('../../../test/lane-speaker.child.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tidemark-lane-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('kill -9 of a process that keeps a lane', () => {
  it(`[L2] what was answered is in one tick, and what was shown is kept, after being killed ${KILLS} times`, {
    timeout: 120_000,
  }, async () => {
    const file = join(folder, 'lanes.db')
    const said = new Set<string>()
    const shown: Tick[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, ['--conditions=@tidemark/source', CHILD, file, String(said.size)], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      })
      const gone = once(child, 'exit')
      const before = said.size
      let isDoomed = false
      for await (const line of wholeLines(child.stdout)) {
        if (line.startsWith('said ')) said.add(line.slice('said '.length))
        else if (line.startsWith('tick ')) shown.push(tickOf(line.slice('tick '.length)))
        if (isDoomed || said.size < before + NEW_SAYS_MIN) continue
        isDoomed = true
        setTimeout(() => child.kill('SIGKILL'), Math.random() * LIFE_MS_MAX)
      }
      expect(await gone).toEqual([null, 'SIGKILL'])
    }

    const store = sqliteLaneStore(file)
    const world = await LaneWorld.started({ store, app: laneApp({ tickMs: 100, cap: 1000, archiveMs: 3_600_000, text: undefined }) })
    const texts = await store.page(DANMU, 0, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    const ticks = texts.map((text) => JSON.parse(text) as Tick)
    const found = ticks.flatMap(({ items }) => items.map(({ id }) => id))
    expect(new Set(found).size).toBe(found.length)
    expect([...said].filter((id) => !found.includes(id))).toEqual([])
    expect(said.size).toBeGreaterThanOrEqual(NEW_SAYS_MIN * KILLS)
    const kept = new Map(ticks.map((tick) => [tick.tick, tick]))
    for (const tick of shown) expect(kept.get(tick.tick)).toEqual(tick)
    expect(await store.left(0, 1)).toEqual([])
    await world.engine.stop()
  })
})

async function* wholeLines(output: Readable): AsyncGenerator<string> {
  for await (const line of createInterface({ input: output })) if (line.endsWith(';')) yield line.slice(0, -1)
}

function tickOf(frame: string): Tick {
  const { t: _t, space: _space, lane: _lane, ...tick } = JSON.parse(frame)
  return tick
}
