import type { Clock } from '@tidemark/shared'
import type { Mark } from '../connection/beat.ts'
import type { BeatMemory } from '../connection/beat-memory.ts'

/** One value that can be cloned. Both may reject. */
export interface BeatStore {
  load(): Promise<unknown>
  save(value: unknown): Promise<void>
}

/** Kinds of network, times endpoints; the one that was learned of the longest ago is forgotten first. */
export const PATHS_MAX = 32
/** What was not learned again for so long says nothing, in ms. */
export const FORGOTTEN_AFTER_MS: number = 90 * 24 * 3_600_000

/** More is not believed. */
const MARKS_MAX = 4
const LIVED_MAX_MS = 3_600_000

interface Entry {
  readonly path: string
  /** When it was learned, by the wall clock. */
  readonly atMs: number
  readonly marks: readonly Mark[]
  /** From then to the next check whether more lives by now, and the pause after it, in ms. */
  readonly checkInMs: number
  readonly pauseMs: number
}

/** What was learned in tabs and sessions before: bounded, dated, and nothing that lies there is trusted. */
export function storedBeats(store: BeatStore, clock: Clock): BeatMemory {
  const ageMs = ({ atMs }: Entry) => clock.nowMs() - atMs
  /** A clock that was set back makes entries of the future: they are as good as none. */
  const entries = async (): Promise<readonly Entry[]> => {
    const value = await store.load()
    const known = Array.isArray(value) ? value.filter(isEntry) : []
    return known.filter((entry) => ageMs(entry) >= 0 && ageMs(entry) < FORGOTTEN_AFTER_MS)
  }
  return {
    async recall(path) {
      const entry = (await entries()).find((entry) => entry.path === path)
      return entry && { marks: entry.marks, pauseMs: entry.pauseMs, checkAtMs: clock.monotonicMs() + entry.checkInMs - ageMs(entry) }
    },
    keep(path, { marks, checkAtMs, pauseMs }) {
      const entry: Entry = { path, atMs: clock.nowMs(), marks, checkInMs: checkAtMs - clock.monotonicMs(), pauseMs }
      entries()
        .then((known) => store.save([entry, ...known.filter((other) => other.path !== path)].slice(0, PATHS_MAX)))
        .catch(() => {})
    },
  }
}

function isEntry(value: unknown): value is Entry {
  const { path, atMs, marks, checkInMs, pauseMs } = (value ?? {}) as Record<keyof Entry, unknown>
  const isDated = typeof path === 'string' && [atMs, checkInMs, pauseMs].every((ms) => typeof ms === 'number' && !Number.isNaN(ms))
  return isDated && Array.isArray(marks) && marks.length <= MARKS_MAX && marks.every(isMark)
}

function isMark(value: unknown): value is Mark {
  const { livedMs, diedMs } = (value ?? {}) as Mark
  return livedMs > 0 && livedMs <= LIVED_MAX_MS && diedMs > livedMs
}
