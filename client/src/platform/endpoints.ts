/** For how long an endpoint that failed where another one worked is not asked, in ms. */
export const ASIDE_MS = 300_000
/** How long the best one is tried alone, in ms. Source: Mars begins another address every 2.5 s (longlink_connect). */
export const HEAD_START_MS = 2500
/** After that the best one has to win again, in ms: its person may have travelled. */
export const BEST_FOR_MS: number = 24 * 3_600_000

/**
 * Which of several addresses of one server is asked. All are raced at first, and the one that opened first is remembered as the best and
 * tried alone for a moment the next time. What was given a chance and lost to another one is set aside; where nothing works, nothing is
 * known against any of them. A value; times in ms since the epoch, as the best one is remembered beyond this page.
 */
export interface Endpoints {
  readonly best: number | undefined
  readonly bestAtMs: number
  readonly asideUntilMs: readonly number[]
}

export function newEndpoints(count: number, best?: number, bestAtMs = 0): Endpoints {
  return { best, bestAtMs, asideUntilMs: Array.from({ length: count }, () => 0) }
}

/** When each is to be tried, in ms from now; Infinity: not now. At least one is tried at once. */
export function startsOf({ best, bestAtMs, asideUntilMs }: Endpoints, nowMs: number): readonly number[] {
  // A clock that was set back must not keep one aside for ever.
  const isAside = (untilMs: number) => nowMs < untilMs && untilMs <= nowMs + ASIDE_MS
  const noneIsLeft = asideUntilMs.every(isAside)
  const usable = asideUntilMs.map((untilMs) => noneIsLeft || !isAside(untilMs))
  const ageMs = nowMs - bestAtMs
  const holds = best !== undefined && usable[best] && ageMs >= 0 && ageMs < BEST_FOR_MS
  return usable.map((isUsable, at) => (isUsable ? (holds && at !== best ? HEAD_START_MS : 0) : Number.POSITIVE_INFINITY))
}

/** This one opened, and those of `lost` had their chance before. */
export function won(state: Endpoints, at: number, lost: readonly number[], nowMs: number): Endpoints {
  return {
    best: at,
    bestAtMs: nowMs,
    asideUntilMs: state.asideUntilMs.map((untilMs, i) => (lost.includes(i) ? nowMs + ASIDE_MS : untilMs)),
  }
}

/** This one opened and said nothing. */
export function failed(state: Endpoints, at: number, nowMs: number): Endpoints {
  return { ...state, asideUntilMs: state.asideUntilMs.map((untilMs, i) => (i === at ? nowMs + ASIDE_MS : untilMs)) }
}

/** None opened. */
export function noneWon(state: Endpoints): Endpoints {
  return newEndpoints(state.asideUntilMs.length, state.best, state.bestAtMs)
}
