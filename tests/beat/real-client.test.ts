// The real client on real server code in virtual time, over a path that takes silent connections: that it does what its machine, which is tested
// in limits.test.ts, tells it.
import { describe, expect, it } from 'vitest'
import { realDevice as device } from '../../bench/beat/real-device.ts'
import { FAN_OUT_MS } from '../simulation/cases/tab.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const LIMITS_S = process.env.CI === undefined ? [60] : [30, 60, 100, 300, 600]

describe('a real client on a path that takes silent connections', () => {
  it.each(LIMITS_S)('finds the limit of %d s within an hour, and loses no connection by it', async (limitS) => {
    const { world, beatS, lives, probes } = await device({ limitS })
    await world.pass(HOUR_MS)
    expect(beatS()).toBeGreaterThanOrEqual(Math.floor(0.9 * limitS))
    expect(beatS()).toBeLessThan(limitS)
    expect(lives()).toBe(1)
    expect(probes()).toBeLessThan(12)
  })

  it.each(['reset', 'close'] as const)('finds a limit that it is told by a %s', async (cut) => {
    const { world, beatS, lives } = await device({ limitS: 60, cut })
    await world.pass(HOUR_MS)
    expect(beatS()).toBeGreaterThanOrEqual(54)
    expect(lives()).toBe(1)
  })

  it('[B12] a probe follows nothing: what is committed meanwhile comes once', async () => {
    const { world, tab, probes } = await device({ limitS: 600 })
    await world.pass(2 * MINUTE_MS)
    expect(probes()).toBe(1)
    const before = tab.line.seen('down', 'range').length
    await world.put('room:1', 'notes', 'm1', { text: 'hi' })
    await world.pass(1000)
    expect(tab.line.seen('down', 'range').length - before).toBe(1)
  })

  it('what was learned is there for the next session, from its first connection on', async () => {
    const { world, memory } = await device({ limitS: 60 })
    await world.pass(HOUR_MS / 2)
    const next = await device({ limitS: 60, memory })
    expect(next.beatS()).toBeGreaterThanOrEqual(54)
    await next.world.pass(HOUR_MS / 4)
    expect([next.lives(), next.probes()]).toEqual([1, 0])
  })

  it('[B4] what arrives does not postpone the beat; what is sent does, in front by five minutes at most', async () => {
    const { world, tab, beats } = await device({ limitS: 600, inFront: true, endpoint: undefined })
    await world.pass(10_000)
    const before = beats()
    for (let n = 0; n < 30; n++) {
      await world.put('room:1', 'notes', `m${n}`, { text: 'hi' })
      await world.pass(1000)
    }
    expect(beats()).toBeGreaterThan(before)
    const talking = beats()
    for (let s = 0; s < 600; s += 5) {
      await tab.say(`x${s}`)
      await world.pass(5000 - FAN_OUT_MS)
    }
    expect(beats() - talking).toBeGreaterThanOrEqual(2)
    expect(beats() - talking).toBeLessThanOrEqual(3)
  })

  it('in front it beats every half minute at least, and goes on as seldom as it has learned when it leaves', async () => {
    const { world, beatS, show, beats } = await device({ limitS: 600, inFront: true })
    await world.pass(HOUR_MS)
    expect(beatS()).toBe(30)
    show(false)
    await world.pass(1000)
    expect(beatS()).toBeGreaterThan(540)
    const before = beats()
    await world.pass(HOUR_MS)
    expect(beats() - before).toBeLessThan(12)
  })

  it('where the way is made of requests nothing is learned, and nothing probed', async () => {
    const { world, probes, beatS, lives } = await device({ limitS: 600, endpoint: undefined })
    await world.pass(HOUR_MS / 2)
    expect([probes(), lives()]).toEqual([0, 1])
    expect(beatS()).toBe(19)
  })

  it('a hidden page whose timers ring once a minute keeps its connection, and what it promised', async () => {
    const { world, lives, beatS } = await device({ limitS: 150, grainMs: MINUTE_MS })
    await world.pass(3 * HOUR_MS)
    expect(lives()).toBe(1)
    expect(beatS()).toBeGreaterThan(50)
  })

  it('a probe that comes to another address than the live connection is none', async () => {
    const { world, path, probes, beatS, lives } = await device({ limitS: 600 })
    path.endpoint = 'wss://another'
    await world.pass(HOUR_MS / 2)
    expect([probes(), lives(), beatS()]).toEqual([0, 1, 19])
  })

  it.each(['drop', 'close'] as const)('a limit that falls costs one connection, by a %s, and is found', async (cut) => {
    const { world, path, lives, beatS } = await device({ limitS: 300, cut })
    await world.pass(HOUR_MS)
    path.limitMs = 60_000
    await world.pass(HOUR_MS)
    expect(lives()).toBe(2)
    expect(beatS()).toBeGreaterThanOrEqual(54)
    expect(beatS()).toBeLessThan(60)
  })

  it('an idle hour in the background: wake-ups and bytes are those of its beats', async () => {
    const { world, path, beats } = await device({ limitS: 300 })
    await world.pass(2 * HOUR_MS)
    const before = { beats: beats(), wakeUps: path.radio.wakeUps, bytes: path.radio.bytes }
    await world.pass(HOUR_MS)
    expect(path.radio.wakeUps - before.wakeUps).toBeLessThanOrEqual(13)
    expect(path.radio.bytes - before.bytes).toBeLessThan(12_000)
  })
})
