// How often a connection has to speak so that the path does not forget it.
//
// Address translators and proxies drop a connection that was silent for too long: after 60 s (nginx, AWS), 100 s (Cloudflare), 5 min (many
// carriers), some never; few say so. What it costs to find out is a connection that dies. So the live one never tries: it beats at an
// interval that was proved, and beside it a second, idle socket, the probe, is silent for longer. At the end of its silence the probe beats
// at the moment when the live one beats too: the radio is on anyway, and an answer to one alone tells the path's limit from a dead network.
//
// The limit is looked for as in a telephone book: from 20 s on by GROWTH, then by the geometric middle of what lived and what
// died. A probe takes as long as the silence that it tries; with 5.6 the dearest limit below 15 min is within a tenth after 55 min. It goes
// on to a hundredth: the last steps cost a probe, and no beat.
//
// Where a live connection dies after a silence that was proved, and another one opens at once, either chance did it or the path has changed. The
// live one speaks often again, and probes repeat what was known: each that lives gives it back, one that dies refutes it. So
// one mishap spoils nothing, and two forget. A death that probes alone saw is tried again after an hour, then ever more seldom.
//
// A page does not know which network it is in, only its kind. So several limits are kept for a kind (`marks`): one comes in at the lowest, and
// tries the others.
//
// Sources: what networks allow, RFC 5382, nginx.org (proxy_read_timeout), the write-ups of WeChat and others; docs/beat.md has the figures.

const NEVER = Number.POSITIVE_INFINITY
/** Where nothing is known: below the strictest proxies, in ms. */
export const START_MS = 20_000
/** Not even a path that kills faster is spoken to more often, in ms. */
export const SHORTEST_MS = 5_000
/** The longest silence that is tried, in ms; the beat is a hundredth shorter. */
export const LONGEST_MS = 910_000
/** In front a dead connection is noticed this soon at least, in ms. */
export const IN_FRONT_MS = 30_000
/** An answer that did not come within this was lost, in ms. */
export const ANSWER_MS = 10_000
/** A probe that has not been greeted by then is given up, in ms. */
export const PROBE_OPEN_MS = 20_000
/** Timers of a hidden page ring once a minute: they are this late at most, in ms (Chromium). */
export const TIMER_GRAIN_MS = 60_000
/** From the longest that lived to the next try. */
const GROWTH = 5.6
/** Later than a timer on a page that is not throttled, in ms. */
const LATE_MS = 5_000
/** A connection that comes back within this died alone, in ms; what takes longer to come back had no network. */
const ALONE_MS = 30_000
/** From one check whether more lives by now to the next, in ms: twice as long each time. */
const CHECK_MIN_MS = 3_600_000
const CHECK_MAX_MS = 7 * 24 * CHECK_MIN_MS
/** After a probe that could not be opened, or was closed sooner than any path does it, in ms. */
const REST_MS = 600_000
/** Limits kept for a kind of network: the youngest. */
export const MARKS_MAX = 4

/** What is known of a path: the longest silence that lived, and the shortest that died; Infinity: none did. In ms. */
export interface Mark {
  readonly livedMs: number
  readonly diedMs: number
}

/** What is known of the networks of a kind, the youngest first. */
export interface Learned {
  readonly marks: readonly Mark[]
  /** When to check whether more lives by now, by the monotonic clock, and the pause after it, in ms. */
  readonly checkAtMs: number
  readonly pauseMs: number
}

export const NOTHING_LEARNED: Learned = { marks: [], checkAtMs: NEVER, pauseMs: CHECK_MIN_MS }

type Probe =
  | { readonly name: 'none' }
  | { readonly name: 'opening'; readonly untilMs: number }
  | { readonly name: 'silent'; readonly sinceMs: number; readonly untilMs: number }
  /** It ended its silence as the live connection beat. `witnessed`: which was answered, so there is a network. */
  | { readonly name: 'asked'; readonly silenceMs: number; readonly untilMs: number; readonly witnessed: boolean }
  /** Closed in its silence: judged when the live connection has shown that there is a network. */
  | { readonly name: 'cut'; readonly silenceMs: number; readonly atMs: number }

/** All times by the monotonic clock. */
export interface Beat extends Learned {
  readonly inFront: boolean
  /** Proved on this path, and refuted. */
  readonly livedMs: number
  readonly diedMs: number
  readonly probe: Probe
  /** No probe before. */
  readonly restUntilMs: number
  /** What was proved before a connection died of silence; 0: nothing is in doubt. */
  readonly doubtedMs: number
  /** Timers ring late here. */
  readonly late: boolean
  readonly live: boolean
  /** The interval on which the last promise stands. */
  readonly promisedMs: number
  /** The last frame of ours, and that of either end. */
  readonly sentAtMs: number
  readonly quietAtMs: number
  /** A beat has no answer yet. */
  readonly awaited: boolean
  /** What the last beat ended, in ms. */
  readonly silenceMs: number
  /** When a connection died, and after which silence. */
  readonly lostAtMs: number
  readonly lostAfterMs: number
}

export type BeatEvent =
  /** What is known of the kind of network that is there now. `moved`: it may be another of its kind. */
  | { readonly type: 'arrived'; readonly learned: Learned; readonly moved: boolean }
  /** A hello or a beat left: it promised the next. */
  | { readonly type: 'promised' }
  /** Greeted; not told where the silence of the connection says nothing, as of one that is made of requests. */
  | { readonly type: 'opened' }
  /** Another frame of ours left: it does for a beat. */
  | { readonly type: 'sent' }
  /** A frame came. */
  | { readonly type: 'heard' }
  /** `silently`: it died without a word, or the path closed it. */
  | { readonly type: 'lost'; readonly silently: boolean }
  | { readonly type: 'probe heard' }
  /** `silently`: it was not the server that ended it. */
  | { readonly type: 'probe closed'; readonly silently: boolean }
  | { readonly type: 'front' }
  | { readonly type: 'back' }
  | { readonly type: 'time' }

/** `open`: a probe. `ask`: have it beat. `close`: it is over. `remember`: what was learned. */
export type BeatEffect = 'open' | 'ask' | 'close' | 'remember'

export interface BeatStep {
  readonly beat: Beat
  readonly effects: readonly BeatEffect[]
}

/** `sentAtMs`: when the last frame of ours left. */
export function newBeat(inFront: boolean, sentAtMs: number): Beat {
  return {
    ...NOTHING_LEARNED,
    inFront,
    livedMs: START_MS,
    diedMs: NEVER,
    probe: NO_PROBE,
    restUntilMs: 0,
    doubtedMs: 0,
    late: false,
    live: false,
    promisedMs: START_MS - closeness(START_MS),
    sentAtMs,
    quietAtMs: sentAtMs,
    awaited: false,
    silenceMs: 0,
    lostAtMs: -NEVER,
    lostAfterMs: 0,
  }
}

/** What outlives a connection. */
export function learnedOf({ marks, checkAtMs, pauseMs }: Beat): Learned {
  return { marks, checkAtMs, pauseMs }
}

const NO_PROBE: Probe = { name: 'none' }

/** From one frame of ours to the next, in ms. */
export function beatIntervalMs({ livedMs, inFront, late }: Beat): number {
  const safeMs = livedMs - closeness(livedMs)
  if (inFront) return Math.min(safeMs, IN_FRONT_MS)
  return late ? Math.max(SHORTEST_MS / 2, safeMs / 2, safeMs - TIMER_GRAIN_MS) : safeMs
}

/** What the server is told to expect the next frame within, in s: kept by a page whose timers are late, too. */
export function beatPromiseS(beat: Beat): number {
  return Math.ceil((beatIntervalMs(beat) + TIMER_GRAIN_MS) / 1000)
}

/** When the live connection has to beat, while there is one. */
export function beatAtMs(beat: Beat): number {
  const { sentAtMs, promisedMs, probe, awaited } = beat
  // That it was told switched the radio on.
  if (probe.name === 'cut' && !awaited) return probe.atMs
  return Math.min(
    sentAtMs + Math.min(promisedMs, beatIntervalMs(beat)),
    // As late as the live one can be asked, the probe's time has come: both beat at once.
    probe.name === 'silent' ? probe.untilMs : NEVER,
  )
}

/** When `stepBeat` wants to be called with `time`. */
export function beatWakeAtMs({ probe }: Beat): number {
  return probe.name === 'opening' || probe.name === 'asked' ? probe.untilMs : NEVER
}

/** Pure and total. */
export function stepBeat(beat: Beat, event: BeatEvent, nowMs: number): BeatStep {
  const { probe } = beat
  switch (event.type) {
    case 'front':
      return to({ ...beat, inFront: true })
    case 'back':
      return to({ ...beat, inFront: false })
    case 'arrived': {
      const { marks } = event.learned
      const livedMs = marks.length > 0 ? Math.min(...marks.map((mark) => mark.livedMs)) : START_MS
      const arrived = { ...beat, ...event.learned, livedMs, diedMs: NEVER, doubtedMs: 0, lostAtMs: -NEVER }
      return to(event.moved ? { ...arrived, checkAtMs: nowMs } : arrived)
    }
    case 'promised': {
      // Later still: the device slept.
      const lateMs = beat.live && !beat.inFront ? nowMs - beatAtMs(beat) : 0
      const next = {
        ...beat,
        awaited: true,
        silenceMs: nowMs - beat.quietAtMs,
        promisedMs: beatIntervalMs(beat),
        sentAtMs: nowMs,
        quietAtMs: nowMs,
        late: beat.late || (lateMs > LATE_MS && lateMs <= TIMER_GRAIN_MS + LATE_MS),
      }
      if (probe.name !== 'silent' || nowMs < probe.untilMs) return to(next)
      return to(
        { ...next, probe: { name: 'asked', silenceMs: nowMs - probe.sinceMs, untilMs: nowMs + ANSWER_MS, witnessed: false } },
        'ask',
      )
    }
    case 'opened': {
      const opened = { ...beat, live: true, awaited: false, quietAtMs: nowMs }
      const { lostAtMs, lostAfterMs } = beat
      const refutes = lostAfterMs >= SHORTEST_MS && lostAfterMs <= beat.livedMs + closeness(beat.livedMs)
      if (nowMs - lostAtMs > ALONE_MS || !refutes) return to(opened)
      const livedMs = Math.max(SHORTEST_MS, Math.min(beat.livedMs, START_MS, lostAfterMs / 2))
      return to({ ...opened, livedMs, doubtedMs: Math.max(beat.doubtedMs, beat.livedMs), lostAtMs: -NEVER })
    }
    case 'sent':
      return to({ ...beat, sentAtMs: nowMs, quietAtMs: nowMs })
    case 'heard': {
      const heard = { ...beat, quietAtMs: nowMs, awaited: false }
      if (!beat.awaited || !beat.live) return to(heard)
      if (probe.name === 'asked') return to({ ...heard, probe: { ...probe, witnessed: true } })
      return probe.name === 'cut' ? died(heard, probe.silenceMs) : look(heard)
    }
    case 'lost': {
      const lostAfterMs = beat.awaited ? beat.silenceMs : nowMs - beat.quietAtMs
      const lost = { ...beat, live: false, probe: NO_PROBE, ...(event.silently && beat.live && { lostAtMs: nowMs, lostAfterMs }) }
      return probe.name === 'none' ? to(lost) : to(lost, 'close')
    }
    case 'probe heard':
      if (probe.name === 'opening') return silent(beat)
      // Its silence was broken, whyever.
      if (probe.name === 'silent') return rest()
      return probe.name === 'asked' ? lived(beat, probe.silenceMs) : to(beat)
    case 'probe closed':
      if (probe.name !== 'none' && !event.silently) return rest()
      if (probe.name === 'silent') return to({ ...beat, probe: { name: 'cut', silenceMs: nowMs - probe.sinceMs, atMs: nowMs } })
      if (probe.name === 'asked')
        return probe.witnessed ? died(beat, probe.silenceMs) : to({ ...beat, probe: { ...probe, name: 'cut', atMs: nowMs } })
      return probe.name === 'opening' ? rest() : to(beat)
    case 'time':
      if (beatWakeAtMs(beat) > nowMs) return to(beat)
      return probe.name === 'asked' && probe.witnessed ? died(beat, probe.silenceMs) : rest()
  }

  function to(beat: Beat, ...effects: BeatEffect[]): BeatStep {
    return { beat, effects }
  }

  function rest(): BeatStep {
    return to({ ...beat, probe: NO_PROBE, restUntilMs: nowMs + REST_MS }, 'close')
  }

  /** The probe is there: its silence begins, if there is one to try. */
  function silent(beat: Beat, ...effects: BeatEffect[]): BeatStep {
    const tryMs = nextTryMs(beat, nowMs)
    if (tryMs === undefined) return to({ ...beat, probe: NO_PROBE }, 'close', ...effects)
    return to({ ...beat, probe: { name: 'silent', sinceMs: nowMs, untilMs: nowMs + tryMs } }, ...effects)
  }

  /** The radio is on, the network is there: a good moment to open a probe. */
  function look(beat: Beat, ...effects: BeatEffect[]): BeatStep {
    if (beat.probe.name !== 'none' || nowMs < beat.restUntilMs || nextTryMs(beat, nowMs) === undefined) return to(beat, ...effects)
    return to({ ...beat, probe: { name: 'opening', untilMs: nowMs + PROBE_OPEN_MS } }, ...effects, 'open')
  }

  function lived(beat: Beat, silenceMs: number): BeatStep {
    // A device that slept may have been silent for longer than anybody would be.
    const livedMs = Math.min(Math.max(beat.livedMs, silenceMs), LONGEST_MS)
    const doubtedMs = livedMs < beat.doubtedMs ? beat.doubtedMs : 0
    const risen = livedMs >= diedOf(beat)
    return silent(
      learned({ ...beat, livedMs, doubtedMs, ...(risen && { diedMs: NEVER, checkAtMs: NEVER, pauseMs: CHECK_MIN_MS }) }),
      'remember',
    )
  }

  function died(beat: Beat, silenceMs: number): BeatStep {
    // No path does that: a server went away.
    if (silenceMs <= beat.livedMs) return rest()
    const refuted = silenceMs <= beat.doubtedMs * 1.02
    const marks = refuted ? beat.marks.filter((mark) => mark.livedMs < silenceMs / 1.02) : beat.marks
    const known = learned({ ...beat, marks, probe: NO_PROBE, diedMs: Math.min(beat.diedMs, silenceMs), checkAtMs: NEVER })
    return look(known, 'close', 'remember')
  }

  /** What was found, as a mark in the place of the one that it makes more exact. */
  function learned(beat: Beat): Beat {
    if (aimOf(beat)) return beat
    const mark = { livedMs: beat.livedMs, diedMs: diedOf(beat) }
    const next = { ...beat, marks: [mark, ...beat.marks.filter((other) => other !== hereOf(beat))].slice(0, MARKS_MAX) }
    if (beat.checkAtMs < NEVER || nextTryMs(next, nowMs) !== undefined) return next
    return { ...next, doubtedMs: 0, checkAtMs: nowMs + beat.pauseMs, pauseMs: Math.min(2 * beat.pauseMs, CHECK_MAX_MS) }
  }
}

/** What keeps the beat off the limit, and is close enough to it, in ms: a hundredth, and what packets and timers are late by. */
function closeness(ms: number): number {
  return Math.max(1_000, ms / 100)
}

/** The mark that fits what was proved here. */
function hereOf({ marks, livedMs }: Beat): Mark | undefined {
  return marks.find((mark) => mark.livedMs - closeness(livedMs) <= livedMs && livedMs < mark.diedMs)
}

/** The next that another network of this kind let live. */
function aimOf({ marks, livedMs, diedMs }: Beat): number | undefined {
  const above = marks.map((mark) => mark.livedMs).filter((ms) => ms > livedMs + closeness(livedMs) && ms < diedMs)
  return above.length > 0 ? Math.min(...above) : undefined
}

function diedOf(beat: Beat): number {
  return Math.min(beat.diedMs, hereOf(beat)?.diedMs ?? NEVER)
}

/** The silence to try next, in ms; undefined: nothing is to be learned now. */
function nextTryMs(beat: Beat, nowMs: number): number | undefined {
  const { livedMs } = beat
  const diedMs = diedOf(beat)
  const grownMs = Math.min(livedMs * GROWTH, LONGEST_MS)
  const aimMs = aimOf(beat)
  if (livedMs >= LONGEST_MS) return undefined
  if (aimMs) return Math.min(aimMs, grownMs)
  if (diedMs === NEVER) return grownMs
  if (diedMs - livedMs > (beat.late ? TIMER_GRAIN_MS : closeness(livedMs))) return Math.sqrt(livedMs * diedMs)
  return nowMs >= beat.checkAtMs ? Math.min(diedMs * 1.1, LONGEST_MS) : undefined
}
