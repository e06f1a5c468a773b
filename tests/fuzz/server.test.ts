// Goal: nothing that comes in from outside stops the server, makes it fail inside, holds it up, stays in its memory or harms what it keeps.
// Method: the real server process with Object.prototype frozen; frames, bodies, requests and bytes out of a seed, spoilt by their structure
// and byte by byte; each answer is held against the published schema; a neighbour writes all the while; in the end its database is read whole.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { neighbour, served } from '../harness/neighbour.ts'
import { connectPeer, pullAll } from '../harness/wire-peer.ts'
import { campaign } from './campaign.ts'
import { Feeder, type Tally } from './feeder.ts'
import { fillCaches } from './fill-caches.ts'
import { HEAVIEST } from './heaviest.ts'
import { REGRESSIONS } from './regressions.ts'
import { report } from './report.ts'
import { startVictim, type Victim } from './victim.ts'

const INPUTS = process.env.CI === undefined ? 2500 : 50_000
/** Another one draws other inputs. */
const SEED = inject('seedFrom')
/** How long the event loop may stand still, in ms of the server's own work: 135 measured alone, half as much again where another test has the other half of its core. */
const STALL_MS_MAX = 300
/** By so much the heap may differ between a fifth of the way and the end; in CI the caches are full before. */
const HEAP_BYTES_MAX = 40 * 1_048_576

let victim: Victim
let written = { room: '', count: 0 }

beforeAll(async () => {
  victim = await startVictim()
})
afterAll(() => victim.remove())

/** What the server's log calls an error. */
const errors = () => victim.output().match(/^\{"level":[56]0.*$/gm) ?? []

describe('hostile input', () => {
  it.each(REGRESSIONS)('%s', async (_, input) => {
    const feeder = new Feeder(victim.url, new Map())
    expect(await feeder.feed(input)).toBeUndefined()
    feeder.close()
    expect(errors()).toEqual([])
  })

  it(`[P12] [B7] ${INPUTS} inputs do no harm: no failure inside, no stall of the event loop, a flat heap, and a neighbour who is served`, {
    timeout: 600_000,
  }, async () => {
    // Few inputs fill no cache, and a leak shows without.
    if (process.env.CI !== undefined) await fillCaches(victim.url)
    const chat = await neighbour({ pid: victim.pid, enter: (user, options) => connectPeer(victim.url, user, options) })
    await victim.probe()
    const tally: Tally = new Map()
    const early = await campaign(victim, SEED, 0, INPUTS / 5, tally)
    const before = await victim.probe()
    const findings = [...early, ...(await campaign(victim, SEED, INPUTS / 5, INPUTS, tally))]
    expect(findings.length === 0 ? '' : await report(victim, SEED, findings[0] as (typeof findings)[number])).toBe('')
    const after = await victim.probe()
    const chatted = await chat.stop()
    written = { room: chat.room, count: chatted.count }
    const stallMs = Math.max(before.cpuMs, after.cpuMs)
    const grownMb = (after.heapBytes - before.heapBytes) / 1e6
    console.log(
      `${INPUTS} inputs: longest stall ${stallMs.toFixed(0)} ms of work, ${Math.max(before.wallMs, after.wallMs).toFixed(0)} ms by the clock; ` +
        `heap ${(before.heapBytes / 1e6).toFixed(0)} MB at a fifth, ${grownMb.toFixed(0)} MB more at the end; ` +
        served(chatted),
    )
    expect(stallMs).toBeLessThan(STALL_MS_MAX)
    expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_BYTES_MAX)
    expect(errors()).toEqual([])
    // Nor did they all end at the first door.
    expect(tally.get('status 200')).toBeGreaterThan(INPUTS / 50)
    expect(tally.get('ack of something done')).toBeGreaterThan(INPUTS / 50)
    expect(tally.get('range')).toBeGreaterThan(INPUTS / 10)
    expect(chatted.count).toBeGreaterThan(10)
  })

  it.each(HEAVIEST)('%s: allowed, and the event loop goes round all the same', async (_, begin) => {
    await victim.probe()
    await begin(victim.url)
    const { cpuMs, wallMs } = await victim.probe()
    console.log(`longest stall ${cpuMs.toFixed(0)} ms of work, ${wallMs.toFixed(0)} ms by the clock`)
    expect(cpuMs).toBeLessThan(STALL_MS_MAX)
  })

  it('what was written meanwhile is all there, and the database is whole, table by table', async () => {
    const { copy } = await pullAll(victim.url, 'neighbour', written.room, 1000, 'all')
    expect(copy.docs.size).toBe(written.count)
    expect(await victim.stop()).toBe(0)
    const database = new DatabaseSync(join(victim.data, 'tidemark.db'))
    expect(database.prepare('pragma integrity_check').all()).toEqual([{ integrity_check: 'ok' }])
    const spaces = (database.prepare('select space from spaces').all() as { space: string }[]).map(({ space }) => space)
    database.close()
    expect(spaces.length).toBeGreaterThan(5)
    await victim.restart()
    // Each row has a checksum, and none is served that fails it.
    for (const space of spaces) {
      const owner = space.startsWith('user:') ? space.slice('user:'.length) : 'reader'
      if (!space.startsWith('box:no-')) await pullAll(victim.url, owner, space)
    }
    expect((await pullAll(victim.url, 'neighbour', written.room, 1000, 'all')).copy.docs).toEqual(copy.docs)
    expect(errors()).toEqual([])
  })
})
