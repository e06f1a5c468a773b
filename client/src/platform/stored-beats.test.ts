import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { type BeatStore, FORGOTTEN_AFTER_MS, PATHS_MAX, storedBeats } from './stored-beats.ts'

const DAY_MS = 24 * 3_600_000
const LEARNED = { marks: [{ livedMs: 290_000, diedMs: 293_000 }], checkAtMs: DAY_MS, pauseMs: 3_600_000 }
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

function device(value?: unknown) {
  const clock = handClock()
  const store: BeatStore & { value: unknown } = {
    value,
    load: async () => store.value,
    async save(saved) {
      store.value = structuredClone(saved)
    },
  }
  return { clock, store, open: () => storedBeats(store, clock) }
}

describe('what a device remembers of its beats', () => {
  it('is there in the next session, by path, and due when it was due', async () => {
    const { clock, open } = device()
    open().keep('wifi https://a', { ...LEARNED, checkAtMs: clock.monotonicMs() + DAY_MS })
    await settle()
    clock.advance(DAY_MS / 2)
    expect(await open().recall('wifi https://a')).toEqual({ ...LEARNED, checkAtMs: clock.monotonicMs() + DAY_MS / 2 })
    expect(await open().recall('cellular https://a')).toBeUndefined()
    expect(await open().recall('wifi https://b')).toBeUndefined()
  })

  it('what was never to be checked is never due', async () => {
    const { open } = device()
    open().keep('wifi a', {
      ...LEARNED,
      marks: [{ livedMs: 910_000, diedMs: Number.POSITIVE_INFINITY }],
      checkAtMs: Number.POSITIVE_INFINITY,
    })
    await settle()
    expect((await open().recall('wifi a'))?.checkAtMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('is bounded: the paths that were learned of last', async () => {
    const { open, store } = device()
    for (let at = 0; at < PATHS_MAX + 5; at++) {
      open().keep(`wifi ${at}`, LEARNED)
      await settle()
    }
    expect(store.value).toHaveLength(PATHS_MAX)
    expect(await open().recall('wifi 4')).toBeUndefined()
    expect(await open().recall('wifi 5')).toBeDefined()
  })

  it('is forgotten after a season, and where it is dated in the future', async () => {
    const { clock, open, store } = device()
    open().keep('wifi a', LEARNED)
    await settle()
    const saved = store.value as { atMs: number }[]
    clock.advance(FORGOTTEN_AFTER_MS - 1)
    expect(await open().recall('wifi a')).toBeDefined()
    clock.advance(1)
    expect(await open().recall('wifi a')).toBeUndefined()
    store.value = saved.map((entry) => ({ ...entry, atMs: clock.nowMs() + 1 }))
    expect(await open().recall('wifi a')).toBeUndefined()
  })

  const STRANGE: Record<string, unknown> = {
    'no list': { a: 1 },
    'a list of nothing': [null, undefined, 7, 'text', []],
    'no marks': [{ path: 'wifi a', atMs: 0, checkInMs: 0, pauseMs: 0 }],
    'marks that are none': [{ path: 'wifi a', atMs: 0, checkInMs: 0, pauseMs: 0, marks: [{ livedMs: 'long' }, null] }],
    'a mark that lived longer than it died': [{ path: 'wifi a', atMs: 0, checkInMs: 0, pauseMs: 0, marks: [{ livedMs: 9000, diedMs: 5 }] }],
    'a mark beyond belief': [{ path: 'wifi a', atMs: 0, checkInMs: 0, pauseMs: 0, marks: [{ livedMs: 1e12, diedMs: 2e12 }] }],
    'no numbers': [{ path: 'wifi a', atMs: Number.NaN, checkInMs: 0, pauseMs: 0, marks: [] }],
  }
  it.each(Object.keys(STRANGE))('nothing that lies there is trusted: %s', async (name) => {
    const { open } = device(STRANGE[name])
    expect(await open().recall('wifi a')).toBeUndefined()
    open().keep('wifi a', LEARNED)
    await settle()
    expect((await open().recall('wifi a'))?.marks).toEqual(LEARNED.marks)
  })

  it('a store that fails is as good as none', async () => {
    const { clock } = device()
    const fails = () => Promise.reject(new Error('no storage here'))
    const beats = storedBeats({ load: fails, save: fails }, clock)
    beats.keep('wifi a', LEARNED)
    await expect(beats.recall('wifi a')).rejects.toThrow('no storage here')
    await settle()
  })
})
