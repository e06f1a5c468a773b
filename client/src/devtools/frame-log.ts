import type { FrameFacts } from './read-frame.ts'

/** Frames that are kept; older ones are forgotten. */
export const FRAMES_MAX = 1000
/** Totals are of so long, in s. */
const TOTALS_S = 60

export interface LoggedFrame extends FrameFacts {
  /** Grows by one with each. */
  readonly n: number
  /** In ms since the epoch, by this device's clock. */
  readonly atMs: number
}

export interface Totals {
  readonly in: { readonly frames: number; readonly bytes: number }
  readonly out: { readonly frames: number; readonly bytes: number }
}

/** The last frames, and what went and came within a minute: however many come, it grows no further. */
export interface FrameLog {
  /** Of all that came since it was begun. */
  readonly count: number
  add(facts: FrameFacts, atMs: number): void
  /** The newest first: those after `n`, at most `limit`, that a filter lets pass. */
  newest(limit: number, filter: FrameFilter, after?: number): readonly LoggedFrame[]
  /** Of the last minute. */
  totals(nowMs: number): Totals
  clear(): void
}

export interface FrameFilter {
  readonly in: boolean
  readonly out: boolean
  /** Words that kind, space or detail has to have; after a `-` one that it must not have. */
  readonly text: string
}

export const EVERYTHING: FrameFilter = { in: true, out: true, text: '' }

export function passes(frame: FrameFacts, { text, ...ways }: FrameFilter): boolean {
  if (!ways[frame.way]) return false
  const said = `${frame.kind} ${frame.spaces.join(' ')} ${frame.detail}`.toLowerCase()
  const words = text.toLowerCase().split(/\s+/)
  return words.every((word) => (/^-./.test(word) ? !said.includes(word.slice(1)) : word === '-' || said.includes(word)))
}

export function frameLog(): FrameLog {
  let count = 0
  /** The first that is kept. */
  let first = 0
  /** The frame with number n is at n modulo FRAMES_MAX. */
  const ring: LoggedFrame[] = []
  /** By second modulo their number. */
  const seconds = Array.from({ length: TOTALS_S }, () => ({ second: Number.NEGATIVE_INFINITY, ...none() }))
  return {
    get count() {
      return count
    },
    add(facts, atMs) {
      ring[count % FRAMES_MAX] = { ...facts, n: count, atMs }
      count++
      first = Math.max(first, count - FRAMES_MAX)
      const second = Math.max(0, Math.floor(atMs / 1000))
      const at = seconds[second % TOTALS_S]
      if (!at) return
      if (at.second !== second) Object.assign(at, { second, ...none() })
      at[facts.way].frames++
      at[facts.way].bytes += facts.bytes
    },
    newest(limit, filter, after = -1) {
      const found: LoggedFrame[] = []
      for (let n = count - 1; n > after && n >= first && found.length < limit; n--) {
        const frame = ring[n % FRAMES_MAX]
        if (frame && passes(frame, filter)) found.push(frame)
      }
      return found
    },
    totals(nowMs) {
      const now = Math.floor(nowMs / 1000)
      const sum = none()
      for (const at of seconds) {
        if (at.second <= now - TOTALS_S || at.second > now) continue
        for (const way of ['in', 'out'] as const) {
          sum[way].frames += at[way].frames
          sum[way].bytes += at[way].bytes
        }
      }
      return sum
    },
    clear() {
      first = count
      ring.length = 0
    },
  }
}

function none() {
  return { in: { frames: 0, bytes: 0 }, out: { frames: 0, bytes: 0 } }
}
