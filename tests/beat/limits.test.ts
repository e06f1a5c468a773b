// The client's own beat machine on networks that forget silent connections, for days of a clock of its own: what `npm run bench:beat` prints, held to
// what it promises. The bench runs all rows for 14 days; here are those where the promises are made, and fewer days where that says as much.
import { describe, expect, it } from 'vitest'
import { Adaptive } from '../../bench/beat/adaptive.ts'
import { commuterOf } from '../../bench/beat/commuter.ts'
import { type Cut, Network } from '../../bench/beat/network.ts'
import { HOUR_MS, LIMITS_S, rowOf } from '../../bench/beat/rows.ts'
import { missedTargets } from '../../bench/beat/targets.ts'
import { Timeline } from '../../bench/beat/timeline.ts'

const DAYS = process.env.CI === undefined ? 2 : 14

function at(limitS: number, cut: Cut = 'drop', grainMs?: number) {
  const time = new Timeline()
  const network = new Network(time)
  const path = (limitS: number) => ({ label: 'home', kind: 'wifi' as const, cut, limitMs: limitS * 1000 })
  network.move(path(limitS))
  const device = new Adaptive(time, network, grainMs)
  return {
    ...{ time, network, device },
    hours: (hours: number) => time.run(time.nowMs + hours * HOUR_MS),
    /** Another limit from now on, for what is opened and what is open: nobody is told. */
    becomes: (limitS: number) => network.become(path(limitS)),
  }
}

describe('the beat and idle limits', () => {
  it('keeps every target on every limit, where connections are dropped without a word', () => {
    const rows = LIMITS_S.flatMap((limitS) => (['adaptive', 'mars'] as const).map((name) => rowOf(name, 'drop', limitS).row))
    expect(missedTargets(rows)).toEqual([])
  })

  it.each(['reset', 'close'] as const)('keeps what it promises where a connection ends with a %s', (cut) => {
    for (const limitS of LIMITS_S) {
      const { row } = rowOf('adaptive', cut, limitS, DAYS)
      expect.soft(row).toMatchObject({ losses: 0 })
      expect.soft(row.reachable).toBeGreaterThan(0.999)
      expect.soft(row.hoursToSettle).toBeLessThanOrEqual(1)
    }
  })

  it('finds limits that stand in no table, from 25 s on, within an hour', () => {
    for (let limitS = 25; limitS < 1200; limitS *= 1.07) {
      const { row } = rowOf('adaptive', 'drop', limitS, 0.25)
      expect.soft(row.hoursToSettle ?? 9, `${limitS} s`).toBeLessThanOrEqual(1)
      expect.soft(row.losses, `${limitS} s`).toBe(0)
    }
  })

  it('comes to live even on a path that forgets after ten seconds, and then loses no more', () => {
    for (const cut of ['drop', 'reset', 'close'] as const) {
      const { device, network, hours } = at(10, cut)
      hours(1)
      const { losses } = network
      expect.soft(losses).toBeLessThanOrEqual(2)
      hours(23)
      expect.soft(network.losses).toBe(losses)
      expect.soft(device.intervalS()).toBeGreaterThan(7)
    }
  })

  it('a mishap every other hour costs a connection each, and nothing of what was learned', () => {
    const { device, network, hours } = at(300)
    hours(3)
    for (let mishap = 0; mishap < 12; mishap++) {
      network.mishap()
      hours(2)
      expect.soft(device.intervalS()).toBeGreaterThan(290)
    }
    expect(network.losses).toBe(0)
    // Each is answered by some beats, not by a search from the beginning.
    expect(device.beats).toBeLessThan(((27 * HOUR_MS) / 1000 / 290) * 1.9)
  })

  it('mishaps while it looks spoil nothing for long', () => {
    for (let first = 100; first < 3_000; first += 290) {
      const { device, network, time, hours } = at(300)
      time.run(first * 1000)
      network.mishap()
      time.run(first * 1000 + 200_000)
      network.mishap()
      hours(5)
      expect.soft(device.intervalS(), `at ${first} s`).toBeGreaterThan(270)
    }
  })

  it('forgets a limit that holds no more: one loss, and the new one is found within the hour', () => {
    const { device, network, hours, becomes } = at(300)
    hours(24)
    becomes(100)
    hours(1.2)
    expect(network.losses).toBe(1)
    expect(device.knownS().filter((livedS) => livedS > 100)).toEqual([])
    expect(device.intervalS()).toBeGreaterThan(90)
    expect(device.intervalS()).toBeLessThan(100)
    hours(48)
    expect(network.losses).toBe(1)
  })

  it('checks now and then whether more lives by now', () => {
    const { device, network, hours, becomes } = at(100)
    hours(5)
    becomes(600)
    hours(8)
    expect(device.intervalS()).toBeGreaterThan(540)
    expect(network.losses).toBe(0)
  })

  it('a hidden page whose timers ring once a minute learns as well, and keeps a minute off the limit', () => {
    for (const limitS of [130, 300, 900]) {
      const { device, network, hours } = at(limitS, 'drop', 60_000)
      hours(6)
      const { losses } = network
      expect.soft(losses, `${limitS} s`).toBeLessThanOrEqual(1)
      hours(48)
      expect.soft(network.losses, `${limitS} s`).toBe(losses)
      expect.soft(device.intervalS()).toBeGreaterThan(Math.max(limitS * 0.45, limitS - 125))
    }
  })

  it('a page that is hidden at last, and whose timers then ring once a minute, loses one connection by that', () => {
    const { device, network, hours } = at(130)
    hours(3)
    expect(device.intervalS()).toBeGreaterThan(120)
    device.grainMs = 60_000
    hours(24)
    expect(network.losses).toBe(1)
  })

  it('knows the networks of a commuter again: one loss in all, and less to send than any beat that loses as little', () => {
    const days = Math.max(DAYS, 4)
    const { row } = commuterOf('adaptive', days)
    const { row: fixed } = commuterOf('fixed25', days)
    expect(row.losses).toBe(1)
    expect(row.reachable).toBeGreaterThan(0.999)
    expect(row.joulesPerDay).toBeLessThan(fixed.joulesPerDay / 3)
  })
})

describe('Mars, from its rules as restated', () => {
  const settles = [
    { limitS: 240, settledS: 210, hours: 0.8, beats: 412, reachable: 99.98 },
    { limitS: 270, settledS: 250, hours: 1.28, beats: 346, reachable: 99.98 },
    { limitS: 300, settledS: 250, hours: 1.28, beats: 346, reachable: 99.98 },
    { limitS: 330, settledS: 310, hours: 1.86, beats: 279, reachable: 99.98 },
    { limitS: 360, settledS: 310, hours: 1.86, beats: 279, reachable: 99.98 },
    { limitS: 420, settledS: 370, hours: 2.55, beats: 234, reachable: 99.99 },
    { limitS: 480, settledS: 430, hours: 3.33, beats: 202, reachable: 99.99 },
    { limitS: 540, settledS: 490, hours: 4.21, beats: 178, reachable: 99.99 },
    { limitS: 600, settledS: 580, hours: 5.47, beats: 150, reachable: 100 },
    { limitS: null, settledS: 580, hours: 5.47, beats: 150, reachable: 100 },
  ]
  it.each(settles)('comes to the known figures at a limit of $limitS s', ({ limitS, settledS, hours, beats, reachable }) => {
    const { row } = rowOf('mars', 'drop', limitS)
    expect(row.settledS).toBe(settledS)
    expect(row.hoursToSettle).toBeCloseTo(hours, 1)
    expect(Math.abs(row.beatsPerDay - beats)).toBeLessThan(1)
    expect(Math.abs(row.reachable * 100 - reachable)).toBeLessThan(0.011)
    expect(row.losses).toBe(settledS === 580 ? 0 : 4)
  })

  const never = [
    { limitS: 60, reachable: 10 },
    { limitS: 120, reachable: 20 },
    { limitS: 180, reachable: 30 },
    { limitS: 200, reachable: 33 },
  ]
  it.each(never)('never comes to live at a limit of $limitS s', ({ limitS, reachable }) => {
    const { row } = rowOf('mars', 'drop', limitS)
    expect(row.settledS).toBeNull()
    expect(Math.round(row.reachable * 100)).toBe(reachable)
    expect(Math.round(row.beatsPerDay)).toBe(288)
    expect(Math.round(row.losses / 14)).toBe(144)
  })
})
