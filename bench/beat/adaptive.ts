import {
  ANSWER_MS,
  type BeatEvent,
  beatAtMs,
  beatIntervalMs,
  beatWakeAtMs,
  type Learned,
  learnedOf,
  NOTHING_LEARNED,
  newBeat,
  stepBeat,
} from '../../client/src/connection/beat.ts'
import { PROBE_WITHIN_MS } from '../../client/src/connection/connection.ts'
import type { Network, Socket } from './network.ts'
import { reconnectMs } from './reconnect.ts'
import type { Strategy } from './strategy.ts'
import type { Timeline } from './timeline.ts'

/** The client's own machine, in the background, with timers that are on time. */
export class Adaptive implements Strategy {
  beats = 0
  probes = 0
  readonly #time: Timeline
  readonly #network: Network
  readonly #learned = new Map<string, Learned>()
  #kind = ''
  #beat = newBeat(false, 0)
  #moved = false
  #live: Socket | undefined
  #probe: Socket | undefined
  #cancelBeat = () => {}
  #cancelWake = () => {}
  #cancelAnswer = () => {}

  /** Timers ring at multiples of it only, as those of hidden pages do, in ms. */
  grainMs: number

  constructor(time: Timeline, network: Network, grainMs = 1) {
    this.#time = time
    this.#network = network
    this.grainMs = grainMs
    this.#connect()
  }

  moved(): void {
    this.#moved = true
    if (this.#beat.live) this.#sendBeat(PROBE_WITHIN_MS)
  }

  intervalS(): number {
    return beatIntervalMs(this.#beat) / 1000
  }

  /** What it knows of this kind of network: silences that lived, in s. */
  knownS(): readonly number[] {
    return this.#beat.marks.map(({ livedMs }) => livedMs / 1000)
  }

  settled(): boolean {
    return false
  }

  #tell(event: BeatEvent): void {
    const { beat, effects } = stepBeat(this.#beat, event, this.#time.nowMs)
    this.#beat = beat
    for (const effect of effects) {
      if (effect === 'open') {
        const probe = this.#network.connect(false, {
          opened: () => this.#tell({ type: 'probe heard' }),
          heard: () => this.#tell({ type: 'probe heard' }),
          closed: () => this.#probe === probe && this.#tell({ type: 'probe closed', silently: true }),
        })
        this.#probe = probe
      } else if (effect === 'ask') {
        this.probes++
        this.#probe?.send()
      } else if (effect === 'close') this.#probe?.close()
      else this.#learned.set(this.#kind, learnedOf(beat))
    }
    this.#cancelBeat()
    this.#cancelWake()
    const dueMs = beatAtMs(this.#beat) - this.#time.nowMs
    if (this.#beat.live) this.#cancelBeat = this.#timer(dueMs, () => this.#sendBeat(ANSWER_MS))
    const wakeMs = beatWakeAtMs(this.#beat) - this.#time.nowMs
    if (wakeMs < Number.POSITIVE_INFINITY) this.#cancelWake = this.#timer(wakeMs, () => this.#tell({ type: 'time' }))
  }

  #timer(ms: number, run: () => void): () => void {
    const dueMs = Math.ceil((this.#time.nowMs + Math.max(0, ms)) / this.grainMs) * this.grainMs
    return this.#time.after(dueMs - this.#time.nowMs, run)
  }

  #sendBeat(withinMs: number): void {
    this.beats++
    this.#live?.send()
    this.#cancelAnswer()
    this.#cancelAnswer = this.#time.after(withinMs, () => this.#lost())
    this.#tell({ type: 'promised' })
  }

  #lost(): void {
    this.#cancelAnswer()
    this.#live?.close()
    this.#live = undefined
    this.#tell({ type: 'lost', silently: true })
    this.#time.after(reconnectMs(this.#network.connects), () => this.#connect())
  }

  #connect(): void {
    this.#live = this.#network.connect(true, {
      opened: () => {
        const kind = this.#network.path?.kind ?? 'unknown'
        if (this.#moved || kind !== this.#kind)
          this.#tell({ type: 'arrived', learned: this.#learned.get(kind) ?? NOTHING_LEARNED, moved: this.#moved })
        this.#kind = kind
        this.#moved = false
        this.#tell({ type: 'promised' })
        this.#tell({ type: 'opened' })
      },
      heard: () => {
        this.#cancelAnswer()
        this.#tell({ type: 'heard' })
      },
      closed: () => this.#lost(),
    })
  }
}
