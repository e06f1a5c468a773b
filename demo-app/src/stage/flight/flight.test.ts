import { describe, expect, it } from 'vitest'
import { Flight, WAITING_MAX } from './flight.ts'

const FRAME_MS = 1000 / 60
const flightOf = (rows: number, widthPx = 100) =>
  new Flight<number>({ widthPx: 1280, rows, widthOf: (_, span) => (span === 2 ? widthPx * 1.5 : widthPx) })
const numbered = (count: number) => Array.from({ length: count }, (_, at) => at)

/** Runs frames for so long, with a tick of so many at the beginning of each second. */
function run(flight: Flight<number>, fromMs: number, ms: number, perTick = 0): number {
  let nowMs = fromMs
  for (; nowMs < fromMs + ms; nowMs += FRAME_MS) {
    if (perTick > 0 && Math.floor(nowMs / 1000) !== Math.floor((nowMs - FRAME_MS) / 1000)) flight.add(numbered(perTick), nowMs, 1000)
    flight.step(nowMs)
  }
  return nowMs
}

describe('a flight', () => {
  it('spreads a tick over its length, with large letters while few speak', () => {
    const flight = flightOf(36)
    flight.step(0)
    flight.add(numbered(10), 0, 1000)
    run(flight, 0, 490)
    expect([flight.count, flight.waiting]).toEqual([5, 5])
    run(flight, 490, 600)
    expect([flight.count, flight.waiting, flight.missed]).toEqual([10, 0, 0])
    expect(new Set([...flight.flying].map(({ span }) => span))).toEqual(new Set([2]))
  })

  it('brings 200 texts a second across a stage of 1280 x 720, each of them', () => {
    const flight = flightOf(36)
    const endMs = run(flight, 0, 20_000, 200)
    expect(new Set([...flight.flying].map(({ span }) => span))).toEqual(new Set([1]))
    run(flight, endMs, 2000)
    expect([flight.missed, flight.waiting]).toEqual([0, 0])
  })

  it('counts what finds no place in time as missed, and never lets more wait than it may', () => {
    const flight = flightOf(2)
    const endMs = run(flight, 0, 10_000, 200)
    expect(flight.missed).toBeGreaterThan(1000)
    flight.add(numbered(5000), endMs, 1000)
    expect(flight.waiting).toBeLessThanOrEqual(WAITING_MAX)
    run(flight, endMs, 10_000)
    expect(flight.waiting).toBe(0)
  })

  it('shows one’s own at once, before all that wait', () => {
    const flight = flightOf(2)
    flight.step(0)
    flight.add(numbered(200), 0, 1000)
    run(flight, 0, 500)
    flight.addNow(-1)
    expect([...flight.flying].map(({ item }) => item)).toContain(-1)
  })

  it('goes on from where it was after a sleep, and forgets what waited through it', () => {
    const flight = flightOf(4)
    flight.step(0)
    flight.add(numbered(4), 0, 1)
    run(flight, 0, 100)
    const [first] = [...flight.flying]
    const before = first ? flight.xOf(first) : 0
    flight.add(numbered(100), 100, 1000)
    flight.step(600_000)
    expect(before - (first ? flight.xOf(first) : 0)).toBeLessThan(50)
    expect(flight.waiting).toBe(0)
  })

  it('is calm again when the crowd is gone, and empty when it is cleared', () => {
    const flight = flightOf(36)
    run(flight, 0, 10_000, 200)
    flight.clear()
    expect([flight.count, flight.waiting]).toEqual([0, 0])
    const calmMs = run(flight, 10_000, 8000)
    flight.add(numbered(1), calmMs, 1000)
    flight.step(calmMs)
    const [alone] = [...flight.flying]
    run(flight, calmMs, 1000)
    expect(1280 - (alone ? flight.xOf(alone) : 0)).toBeLessThan(200)
  })
})
