import { describe, expect, it } from 'vitest'
import { type Beat, newBeat } from '../connection/beat.ts'
import { fixedPace } from '../connection/pace.ts'
import { beatFacts } from './beat-facts.ts'

const world = { isOpen: true, networkKind: 'wifi', inFront: false, monotonicMs: 100_000 } as const
const pace = (beat: Partial<Beat>, path?: string) => ({
  ...fixedPace({ intervalMs: 19_000, promisedS: 90, timeoutMs: 10_000 }),
  learned: { path, beat: { ...newBeat(false, 0), ...beat } },
})

describe('what is told of the beat', () => {
  it('is when the next one comes, while something is connected', () => {
    const fixed = fixedPace({ intervalMs: 30_000, promisedS: 60, timeoutMs: 10_000 })
    fixed.tell({ type: 'sent' }, 90_000)
    expect(beatFacts(fixed, world)).toEqual({ intervalMs: 30_000, promisedS: 60, networkKind: 'wifi', inFront: false, nextInMs: 20_000 })
    expect(beatFacts(fixed, { ...world, isOpen: false }).nextInMs).toBeUndefined()
  })

  it('is what lived and what died, by the mark that was found there', () => {
    const marks = [{ livedMs: 55_000, diedMs: 60_000 }]
    expect(beatFacts(pace({ livedMs: 55_000, marks }, 'wifi https://a.example'), world).learned).toMatchObject({
      endpoint: 'https://a.example',
      livedMs: 55_000,
      diedMs: 60_000,
      marks,
      probe: 'none',
      doubted: false,
    })
    expect(beatFacts(pace({}), world).learned).toMatchObject({ endpoint: undefined, livedMs: 20_000, diedMs: undefined })
  })

  it('is what a probe does', () => {
    const told = (probe: Beat['probe'], more: Partial<Beat> = {}) => beatFacts(pace({ probe, ...more }), world).learned?.probe
    expect(told({ name: 'silent', sinceMs: 40_000, untilMs: 152_000 })).toBe('silent for 60 s, asked in 52 s')
    expect(told({ name: 'opening', untilMs: 0 })).toBe('being opened')
    expect(told({ name: 'asked', silenceMs: 112_000, untilMs: 0, witnessed: true })).toBe('asked after 112 s of silence')
    expect(told({ name: 'cut', silenceMs: 50_000, atMs: 0 })).toMatch(/^ended after 50 s/)
    expect(told({ name: 'none' }, { checkAtMs: 160_000 })).toBe('none; the next in 60 s at the earliest')
  })

  it('is JSON: nothing of it is endless', () => {
    const facts = beatFacts(pace({ marks: [{ livedMs: 20_000, diedMs: Number.POSITIVE_INFINITY }] }), world)
    expect(JSON.parse(JSON.stringify(facts))).toEqual(JSON.parse(JSON.stringify(facts, (_, value) => (value === null ? 'null' : value))))
    expect(JSON.stringify(facts)).not.toContain('null')
  })
})
