import type { Beat } from '../connection/beat.ts'
import type { NetworkKind } from '../connection/hints.ts'
import type { Pace } from '../connection/pace.ts'

/** What the devtools tell of the beat; all spans in ms. */
export interface BeatFacts {
  readonly intervalMs: number
  /** What the server is told to expect the next frame within, in s. */
  readonly promisedS: number
  /** Undefined while nothing is connected. Negative: it is due. */
  readonly nextInMs?: number | undefined
  readonly networkKind: NetworkKind
  readonly inFront: boolean
  readonly learned?: LearnedFacts | undefined
}

export interface LearnedFacts {
  /** Whose path it is; undefined where silence tells nothing, as of polls. */
  readonly endpoint?: string | undefined
  /** The longest silence that lived here, and the shortest that died; undefined: none did. */
  readonly livedMs: number
  readonly diedMs?: number | undefined
  readonly probe: string
  /** Limits that are known of networks of this kind, the youngest first. */
  readonly marks: readonly { readonly livedMs: number; readonly diedMs?: number | undefined }[]
  /** Something speaks against what was proved. */
  readonly doubted: boolean
  /** Timers ring late here. */
  readonly late: boolean
}

export interface BeatWorld {
  readonly isOpen: boolean
  readonly networkKind: NetworkKind
  readonly inFront: boolean
  readonly monotonicMs: number
}

/** Pure. */
export function beatFacts({ intervalMs, promisedS, beatAtMs, learned }: Pace, world: BeatWorld): BeatFacts {
  const { isOpen, networkKind, inFront, monotonicMs } = world
  return {
    intervalMs,
    promisedS,
    networkKind,
    inFront,
    ...(isOpen && { nextInMs: beatAtMs - monotonicMs }),
    ...(learned && { learned: learnedFacts(learned.beat, learned.path, monotonicMs) }),
  }
}

function learnedFacts(beat: Beat, path: string | undefined, monotonicMs: number): LearnedFacts {
  const { livedMs, marks, doubtedMs, late } = beat
  const known = marks.find((mark) => mark.livedMs === livedMs)
  return {
    endpoint: path?.slice(path.indexOf(' ') + 1),
    livedMs,
    diedMs: finite(Math.min(beat.diedMs, known?.diedMs ?? Number.POSITIVE_INFINITY)),
    probe: probeWords(beat, monotonicMs),
    marks: marks.map((mark) => ({ livedMs: mark.livedMs, diedMs: finite(mark.diedMs) })),
    doubted: doubtedMs > 0,
    late,
  }
}

function probeWords({ probe, checkAtMs }: Beat, monotonicMs: number): string {
  const seconds = (ms: number) => `${Math.max(0, Math.round(ms / 1000))} s`
  switch (probe.name) {
    case 'opening':
      return 'being opened'
    case 'silent':
      return `silent for ${seconds(monotonicMs - probe.sinceMs)}, asked in ${seconds(probe.untilMs - monotonicMs)}`
    case 'asked':
      return `asked after ${seconds(probe.silenceMs)} of silence`
    case 'cut':
      return `ended after ${seconds(probe.silenceMs)} of silence: whether the network did it is being found out`
    case 'none':
      return Number.isFinite(checkAtMs) ? `none; the next in ${seconds(checkAtMs - monotonicMs)} at the earliest` : 'none'
  }
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
