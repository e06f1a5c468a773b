import {
  ANSWER_MS,
  type BeatEvent,
  beatAtMs,
  beatIntervalMs,
  beatPromiseS,
  beatWakeAtMs,
  LONGEST_MS,
  learnedOf,
  NOTHING_LEARNED,
  newBeat,
  stepBeat,
} from './beat.ts'
import type { BeatMemory } from './beat-memory.ts'
import type { LearnedPacePorts } from './link.ts'
import type { Pace } from './pace.ts'
import type { LiveSocket } from './transport.ts'

/** A probe is silent for no longer, in s. */
const PROBE_PROMISE_S = LONGEST_MS / 1000 + 60

/** As seldom as the path lets it: runs the machine of beat.ts, with a socket of its own beside the live one. */
export function learnedPace(memory: BeatMemory, { transport, clock, hello, isOfPath, changed, inFront, sentAtMs }: LearnedPacePorts): Pace {
  let beat = newBeat(inFront, sentAtMs)
  /** What is learned holds for both. */
  let endpoint: string | undefined
  let path: string | undefined
  let probe: LiveSocket | undefined

  function step(event: BeatEvent): void {
    const { beat: after, effects } = stepBeat(beat, event, clock.monotonicMs())
    beat = after
    for (const effect of effects) {
      if (effect === 'open') open()
      else if (effect === 'ask') probe?.send(JSON.stringify({ t: 'beat', nextS: PROBE_PROMISE_S }))
      else if (effect === 'remember') path && memory.keep(path, learnedOf(beat))
      else {
        probe?.close()
        probe = undefined
      }
    }
  }

  function open(): void {
    const tell = (event: BeatEvent) => {
      if (probe !== own) return
      step(event)
      changed()
    }
    const own: LiveSocket = transport.connect({
      opened() {
        // Another of several addresses may have been the first.
        if (own.endpoint === endpoint) own.send(JSON.stringify(hello(PROBE_PROMISE_S)))
        else tell({ type: 'probe closed', silently: false })
      },
      frame: () => tell({ type: 'probe heard' }),
      closed: (code) => tell({ type: 'probe closed', silently: isOfPath(code) }),
    })
    probe = own
  }

  function arrive(now: string, moved: boolean): void {
    if (now === path) {
      if (moved) step({ type: 'arrived', learned: learnedOf(beat), moved })
      return
    }
    path = now
    step({ type: 'arrived', learned: NOTHING_LEARNED, moved: false })
    memory.recall(now).then(
      (learned) => {
        if (!learned || path !== now || beat.marks.length > 0) return
        step({ type: 'arrived', learned, moved: false })
        changed()
      },
      () => {},
    )
  }

  return {
    get intervalMs() {
      return beatIntervalMs(beat)
    },
    get promisedS() {
      return beatPromiseS(beat)
    },
    get beatAtMs() {
      return beatAtMs(beat)
    },
    answerMs: ANSWER_MS,
    get wakeAtMs() {
      return beatWakeAtMs(beat)
    },
    get learned() {
      return { path, beat }
    },
    tell(event) {
      if (event.type !== 'opened') return step(event)
      endpoint = event.endpoint
      if (!endpoint) return
      arrive(`${event.kind} ${endpoint}`, event.moved)
      step({ type: 'opened' })
    },
  }
}
