import { STAGE } from '../../demo-app/live.ts'
import { spoken } from './texts.ts'
import { Viewer } from './viewer.ts'

const LANE = 'danmu'
/** Connections that are being opened at once. */
const OPENING_MAX = 40
/** How long one that was sent away stays away, in ms, and how much longer at most. */
const AWAY_MS = 1000
const AWAY_SPREAD_MS = 4000
/** Says are handed out so often, in ms. */
const SAY_EVERY_MS = 20
/** What was said and not seen yet; of a cut tick some never are. The oldest is forgotten. */
const SAID_MAX = 100_000
/** Viewers whose every tick is read, spread over all: those that the server serves first are no better. */
const WATCHERS = 10
const TOKEN_WITHIN_MS = 10_000

export interface CrowdOptions {
  readonly url: URL
  readonly viewers: number
  /** Comments a second, of all together. */
  readonly perS: number
}

/** What happened since it was last asked for. */
export interface Second {
  /** Welcomed, and there. */
  readonly viewers: number
  readonly said: number
  readonly taken: number
  readonly refused: number
  /** Of the lane, and the items in them, as one viewer has them. */
  readonly ticks: number
  readonly items: number
  readonly cut: number
  /** Connections that ended. */
  readonly away: number
  /** From each say to its arrival at each viewer that reads, in ms. */
  readonly waitedMs: readonly number[]
  /** Why says were refused, or viewers not let in. */
  readonly because: ReadonlyMap<string, number>
}

interface TickFrame {
  readonly tick: number
  readonly cut: number
  readonly items: readonly { readonly id: string }[]
}

/** Many viewers of one stage. */
export class Crowd {
  readonly #options: CrowdOptions
  readonly #present = new Map<number, Viewer>()
  readonly #comings = new Set<Viewer>()
  readonly #saidAtMs = new Map<string, number>()
  readonly #run = Math.random().toString(36).slice(2, 8)
  #timers = new Set<ReturnType<typeof setTimeout>>()
  #saying: ReturnType<typeof setInterval> | undefined
  /** Every so many viewers one is read. */
  readonly #stride: number
  #isOver = false
  #ids = 0
  #lastTick = 0
  #counts = none()
  /** The same text comes to all: it is read once. */
  #read: { readonly text: string; readonly frame: TickFrame } | undefined

  constructor(options: CrowdOptions) {
    this.#options = options
    this.#stride = Math.max(1, Math.floor(options.viewers / WATCHERS))
  }

  start(): void {
    let next = 0
    const open = async (): Promise<void> => {
      while (next < this.#options.viewers && !this.#isOver) await this.#open(next++)
    }
    for (let at = 0; at < OPENING_MAX; at++) void open()
    let fromMs = performance.now()
    let owed = 0
    let turn = 0
    this.#saying = setInterval(() => {
      const nowMs = performance.now()
      const there = [...this.#present.values()]
      // Who is not there yet says nothing: each speaks as often from the beginning.
      owed += (((nowMs - fromMs) / 1000) * this.#options.perS * there.length) / this.#options.viewers
      fromMs = nowMs
      for (; owed >= 1; owed--) this.#say(there[turn++ % there.length] as Viewer)
    }, SAY_EVERY_MS)
  }

  take(): Second {
    const taken = this.#counts
    this.#counts = none()
    return { ...taken, viewers: this.#present.size }
  }

  close(): void {
    this.#isOver = true
    clearInterval(this.#saying)
    for (const timer of this.#timers) clearTimeout(timer)
    for (const viewer of this.#comings) viewer.close()
  }

  #say(viewer: Viewer): void {
    const id = `${this.#run}-${this.#ids++}`
    this.#saidAtMs.set(id, performance.now())
    for (const oldest of this.#saidAtMs.keys()) {
      if (this.#saidAtMs.size <= SAID_MAX) break
      this.#saidAtMs.delete(oldest)
    }
    viewer.say(STAGE, LANE, id, spoken(Math.random))
    this.#counts.said += 1
  }

  /** Resolves once it is in, or was not let in. */
  async #open(at: number): Promise<void> {
    let token: string
    try {
      token = await this.#tokenOf(`crowd-${at}`)
    } catch (error) {
      this.#count(error instanceof Error ? error.message : String(error))
      this.#later(at)
      return
    }
    if (this.#isOver) return
    await new Promise<void>((resolve) => {
      const viewer = new Viewer(this.#options.url, token, STAGE, LANE, {
        onWelcome: () => {
          this.#present.set(at, viewer)
          resolve()
        },
        onTick: (text) => {
          if (at % this.#stride === this.#stride - 1) this.#watch(text)
        },
        onSaid: (_, code) => {
          if (code === undefined) this.#counts.taken += 1
          else {
            this.#counts.refused += 1
            this.#count(code)
          }
        },
        onEnd: () => {
          this.#comings.delete(viewer)
          this.#present.delete(at)
          if (!this.#isOver) {
            this.#counts.away += 1
            this.#later(at)
          }
          resolve()
        },
      })
      this.#comings.add(viewer)
    })
  }

  #later(at: number): void {
    if (this.#isOver) return
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer)
        void this.#open(at)
      },
      AWAY_MS + Math.random() * AWAY_SPREAD_MS,
    )
    this.#timers.add(timer)
  }

  #watch(text: string): void {
    if (this.#read?.text !== text) this.#read = { text, frame: JSON.parse(text) as TickFrame }
    const { tick, items, cut } = this.#read.frame
    const nowMs = performance.now()
    for (const { id } of items) {
      const saidAtMs = this.#saidAtMs.get(id)
      if (saidAtMs !== undefined) this.#counts.waitedMs.push(nowMs - saidAtMs)
    }
    if (tick <= this.#lastTick) return
    this.#lastTick = tick
    this.#counts.ticks += 1
    this.#counts.items += items.length
    this.#counts.cut += cut
  }

  #count(because: string): void {
    this.#counts.because.set(because, (this.#counts.because.get(because) ?? 0) + 1)
  }

  async #tokenOf(user: string): Promise<string> {
    const answer = await fetch(new URL('/v1/dev/token', this.#options.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
      signal: AbortSignal.timeout(TOKEN_WITHIN_MS),
    })
    if (!answer.ok)
      throw new Error(answer.status === 404 ? 'the server has no development sign-in (start it with --dev)' : `sign-in: ${answer.status}`)
    return ((await answer.json()) as { readonly token: string }).token
  }
}

function none() {
  return {
    said: 0,
    taken: 0,
    refused: 0,
    ticks: 0,
    items: 0,
    cut: 0,
    away: 0,
    waitedMs: [] as number[],
    because: new Map<string, number>(),
  }
}
