// The beat's machine, event by event. How it fares on whole networks for days stands in tests/beat.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ANSWER_MS,
  type Beat,
  type BeatEffect,
  type BeatEvent,
  beatAtMs,
  beatIntervalMs,
  beatPromiseS,
  beatWakeAtMs,
  IN_FRONT_MS,
  LONGEST_MS,
  MARKS_MAX,
  NOTHING_LEARNED,
  newBeat,
  SHORTEST_MS,
  START_MS,
  stepBeat,
  TIMER_GRAIN_MS,
} from './beat.ts'

const HOUR_MS = 3_600_000

/** A device, told one event after the other. */
function device(inFront = false) {
  let beat = newBeat(inFront, 1_000)
  let nowMs = 1_000
  const tell = (...types: BeatEvent['type'][]): readonly BeatEffect[] =>
    types.flatMap((type) => {
      const event = type === 'arrived' ? { type, learned: NOTHING_LEARNED, moved: false } : { type, silently: true }
      const step = stepBeat(beat, event as BeatEvent, nowMs)
      beat = step.beat
      return step.effects
    })
  const world = {
    tell,
    get beat() {
      return beat
    },
    get nowMs() {
      return nowMs
    },
    wait: (ms: number) => {
      nowMs += ms
    },
    until: (atMs: number) => {
      nowMs = Math.max(nowMs, atMs)
    },
    /** The next beat, answered at once, by the probe too if it was asked and `lives`. */
    beats(lives = true): readonly BeatEffect[] {
      world.until(beatAtMs(beat))
      const effects = [...tell('promised')]
      nowMs += 100
      if (effects.includes('ask') && lives) effects.push(...tell('probe heard'))
      effects.push(...tell('heard'))
      return effects
    },
    /** A probe of the next silence: greeted, silent, asked. */
    probes(lives: boolean): void {
      while (!world.beats(lives).includes('ask')) if (beat.probe.name === 'opening') tell('probe heard')
      if (lives) return
      world.until(beatWakeAtMs(beat))
      tell('time')
    },
  }
  tell('promised', 'opened')
  return world
}

describe('the beat', () => {
  it('begins below the strictest proxies, and in the background goes as far as a probe has proved', () => {
    const world = device()
    expect(beatIntervalMs(world.beat)).toBe(START_MS - 1_000)
    world.probes(true)
    expect(beatIntervalMs(world.beat)).toBeGreaterThan(START_MS * 5)
  })

  it('the live one never tries: it goes only as far as a probe lived', () => {
    const world = device()
    for (const lives of [true, false, true, true, false]) {
      world.probes(lives)
      const { livedMs, diedMs } = world.beat
      expect(beatIntervalMs(world.beat)).toBeLessThan(livedMs)
      expect(livedMs).toBeLessThan(diedMs)
    }
  })

  it('opens a probe when a beat was answered, one at a time, and ends its silence with a beat of its own', () => {
    const world = device()
    expect(world.beats()).toEqual(['open'])
    expect(world.beats()).toEqual([])
    world.tell('probe heard')
    const openedMs = world.nowMs
    let effects: readonly BeatEffect[] = []
    while (!effects.includes('ask')) {
      world.until(beatAtMs(world.beat))
      effects = world.tell('promised')
      if (!effects.includes('ask')) world.tell('heard')
    }
    expect(world.nowMs - openedMs).toBe(START_MS * 5.6)
  })

  it('what the live one does not witness says nothing of the path', () => {
    const world = device()
    world.beats()
    world.tell('probe heard')
    const before = world.beat
    let effects: readonly BeatEffect[] = []
    while (!effects.includes('ask')) {
      world.until(beatAtMs(world.beat))
      effects = world.tell('promised')
      if (!effects.includes('ask')) world.tell('heard')
    }
    world.until(beatWakeAtMs(world.beat))
    expect(world.tell('time')).toEqual(['close'])
    expect(world.beat).toMatchObject({ livedMs: before.livedMs, diedMs: before.diedMs, marks: [] })
  })

  it('a probe that the path closes is judged by an answer to the live one, asked for at once', () => {
    const world = device()
    world.beats()
    world.tell('probe heard')
    world.beats()
    world.wait(10_000)
    world.tell('probe closed')
    expect(beatAtMs(world.beat)).toBe(world.nowMs)
    world.beats()
    expect(world.beat.diedMs).toBeLessThan(60_000)
    expect(world.beat.probe.name).toBe('opening')
  })

  it('probes that cannot be opened are left for ten minutes', () => {
    const world = device()
    world.beats()
    world.tell('probe closed')
    expect(world.beats()).toEqual([])
    world.wait(600_000)
    expect(world.beats()).toEqual(['open'])
  })

  it('a probe that is closed sooner than what was proved, or is spoken to, says nothing of the path', () => {
    const world = device()
    world.probes(true)
    const { livedMs, diedMs } = world.beat
    world.wait(30_000)
    world.tell('probe closed')
    world.beats()
    expect(world.beat).toMatchObject({ livedMs, diedMs, probe: { name: 'none' } })
    world.wait(600_000)
    world.beats()
    world.tell('probe heard')
    expect(world.beat.probe.name).toBe('silent')
    world.wait(10_000)
    expect(world.tell('probe heard')).toEqual(['close'])
    expect(world.beat).toMatchObject({ livedMs, diedMs, probe: { name: 'none' } })
  })

  it('[B12] a probe that the server ends says nothing of the path', () => {
    const world = device()
    world.beats()
    world.tell('probe heard')
    const { beat, effects } = stepBeat(world.beat, { type: 'probe closed', silently: false }, world.nowMs + 30_000)
    expect(effects).toEqual(['close'])
    expect(beat).toMatchObject({ diedMs: Number.POSITIVE_INFINITY, probe: { name: 'none' } })
  })

  it('a connection that dies after a silence that was proved, alone, is in doubt: probes give back what was known', () => {
    const world = device()
    world.probes(true)
    const { livedMs } = world.beat
    world.wait(livedMs)
    world.tell('promised')
    world.wait(ANSWER_MS)
    world.tell('lost')
    world.wait(2_000)
    world.tell('promised', 'opened')
    expect(world.beat.livedMs).toBe(START_MS)
    world.probes(true)
    expect(world.beat.livedMs).toBeGreaterThanOrEqual(livedMs - 1)
  })

  it('a probe that lived while the device slept for hours says no more than the longest that is tried', () => {
    const world = device()
    world.beats()
    world.tell('probe heard')
    world.wait(8 * HOUR_MS)
    world.beats()
    expect(world.beat.livedMs).toBe(LONGEST_MS)
    expect(beatPromiseS(world.beat)).toBeLessThan(3_600)
  })

  it('where a device slept for hours, the death of its connection says nothing', () => {
    const world = device()
    world.probes(true)
    const { livedMs } = world.beat
    world.wait(8 * HOUR_MS)
    world.tell('promised')
    world.wait(5_000)
    world.tell('lost')
    world.wait(1_000)
    world.tell('promised', 'opened')
    expect(world.beat.livedMs).toBe(livedMs)
  })

  it('where the network was away for longer, a loss says nothing', () => {
    const world = device()
    world.probes(true)
    const { livedMs } = world.beat
    world.wait(livedMs)
    world.tell('promised')
    world.wait(ANSWER_MS)
    world.tell('lost')
    world.wait(60_000)
    world.tell('promised', 'opened')
    expect(world.beat.livedMs).toBe(livedMs)
  })

  it('comes into a kind of network at the lowest limit that it knows, and tries the next', () => {
    const world = device()
    const marks = [
      { livedMs: 290_000, diedMs: 292_000 },
      { livedMs: 58_000, diedMs: 59_000 },
    ]
    world.tell('lost')
    const step = stepBeat(world.beat, { type: 'arrived', learned: { marks, checkAtMs: 1e12, pauseMs: HOUR_MS }, moved: false }, world.nowMs)
    expect(step.beat.livedMs).toBe(58_000)
  })

  it('[B4] what arrives does not postpone it, what is sent does', () => {
    const world = device()
    const dueMs = beatAtMs(world.beat)
    expect(dueMs - world.nowMs).toBe(START_MS - 1_000)
    world.wait(5_000)
    world.tell('heard')
    expect(beatAtMs(world.beat)).toBe(dueMs)
    world.tell('sent')
    expect(beatAtMs(world.beat)).toBe(dueMs + 5_000)
  })

  it('in front a dead connection is noticed soon, in the background the battery counts', () => {
    const world = device(true)
    world.probes(true)
    expect(beatIntervalMs(world.beat)).toBe(IN_FRONT_MS)
    world.tell('back')
    expect(beatIntervalMs(world.beat)).toBeGreaterThan(100_000)
  })

  it('[B4] who leaves the front keeps what it had promised there, also with timers that ring once a minute', () => {
    const world = device(true)
    world.probes(true)
    world.beats()
    const promisedMs = world.nowMs - 100 + beatPromiseS(world.beat) * 1000
    world.tell('back')
    expect(beatAtMs(world.beat) + TIMER_GRAIN_MS).toBeLessThanOrEqual(promisedMs)
    world.beats()
    expect(beatAtMs(world.beat) - world.nowMs).toBeGreaterThan(100_000)
  })

  it('a page whose timers are late beats no more often for it than half of the shortest', () => {
    for (const livedMs of [SHORTEST_MS, SHORTEST_MS + 500, START_MS])
      expect(beatIntervalMs({ ...newBeat(false, 0), livedMs, late: true })).toBeGreaterThanOrEqual(SHORTEST_MS / 2)
  })

  it('whatever happens: bounds hold, promises are kept, one probe at a time, and somebody wakes it', () => {
    const types = [
      'promised',
      'opened',
      'sent',
      'heard',
      'lost',
      'probe heard',
      'probe closed',
      'front',
      'back',
      'time',
      'arrived',
    ] as const
    const wish = fc.record({ type: fc.constantFrom(...types), waitMs: fc.oneof(fc.nat(1_000), fc.nat(1_000_000)), flag: fc.boolean() })
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 200 }), (wishes) => {
        let beat = newBeat(true, 0)
        let nowMs = 0
        let open = false
        for (const { type, waitMs, flag } of wishes) {
          // Time passes as the machine lets it: not beyond what it wants to be called for.
          nowMs += Math.max(0, Math.min(waitMs, beatAtMs(beat) - nowMs, beatWakeAtMs(beat) - nowMs))
          const learned = { marks: beat.marks, checkAtMs: beat.checkAtMs, pauseMs: beat.pauseMs }
          const events: Partial<Record<BeatEvent['type'], BeatEvent>> = {
            lost: { type: 'lost', silently: flag },
            'probe closed': { type: 'probe closed', silently: flag },
            arrived: { type: 'arrived', learned, moved: flag },
          }
          if (type === 'arrived' && beat.live) continue
          if (type === 'opened' && beat.live) continue
          const before: Beat = beat
          const step = stepBeat(beat, events[type] ?? ({ type } as BeatEvent), nowMs)
          beat = step.beat
          for (const effect of step.effects) {
            if (effect === 'open') {
              expect(open).toBe(false)
              open = true
            } else if (effect === 'close') open = false
            else if (effect === 'ask') expect(open).toBe(true)
          }
          if (type === 'probe closed') open = false
          expect(open).toBe(beat.probe.name !== 'none' && beat.probe.name !== 'cut')
          expect(beat.livedMs).toBeGreaterThanOrEqual(SHORTEST_MS)
          expect(beat.livedMs).toBeLessThanOrEqual(LONGEST_MS)
          expect(beat.marks.length).toBeLessThanOrEqual(MARKS_MAX)
          expect(beatIntervalMs(beat)).toBeGreaterThanOrEqual(SHORTEST_MS / 2)
          expect(beatPromiseS(beat)).toBeLessThanOrEqual(3_600)
          if (beat.live) expect(beatAtMs(beat)).toBeLessThanOrEqual(beat.sentAtMs + beat.promisedMs)
          if (type === 'promised' && before.live) expect(beatAtMs(beat)).toBeGreaterThan(nowMs)
        }
      }),
      { numRuns: process.env.CI === undefined ? 300 : 10_000 },
    )
  })
})
