import { setTimeout as sleep } from 'node:timers/promises'
import { Device, openMany, WireClient } from './drive/wire-client.ts'
import { withFolder } from './folder.ts'
import { type Figure, figuresOf, median } from './measure/figure.ts'
import { startSubject } from './measure/subject.ts'
import type { Scale } from './scale.ts'
import { SHOW, TICK_MS } from './show.ts'
import type { BareWsReady } from './subjects/bare-ws.child.ts'
import type { ShowReady } from './subjects/show.child.ts'

/** Connections over which what is said is spread. */
const SPEAKERS = 50
/** From one burst of the speakers to the next, in ms. */
const SAY_EVERY_MS = 20
/** From an ack to the next mutation, in ms: somebody types, and all viewers follow. */
const TYPED_MS = 200
/** How long the last frames are waited for, in ms. */
const ARRIVED_WITHIN_MS = 20_000
/** Of ages, in ms; what is older counts as the last. */
const AGE_MS_MAX = 60_000

/** A crowded lane: what comes to each of many viewers and how soon, beside a bare `ws` that sends the same frames; and documents of the same space meanwhile. */
export function lanes({ rounds, lanes: { viewers, saysPerS, cap, seconds } }: Scale): Promise<readonly Figure[]> {
  return withFolder(async (folder) => {
    const ours = await startSubject<ShowReady>('show', { data: folder('ours'), cap })
    const floor = await startSubject<BareWsReady>('bare-ws')
    const audience = new Audience(
      await openMany(viewers, (at) => WireClient.open(ours.ready.url, new Device(`v${at}`, SHOW), [SHOW], { [SHOW]: { danmu: 0 } })),
    )
    const floorAudience = new Audience(await openMany(viewers, (at) => WireClient.open(floor.ready.url, new Device(`v${at}`, SHOW), [])))
    const speakers = await openMany(SPEAKERS, (at) => WireClient.open(ours.ready.url, new Device(`s${at}`, SHOW), []))
    const typist = await Typist.sitDown(ours.ready.url)
    let said = 0
    let refused = 0
    for (const speaker of speakers)
      speaker.onFrame = (text) => {
        if (text.includes('"error"')) refused++
      }

    /** Says so much for a while, evenly. Returns when each was said, by id. */
    async function speak(): Promise<ReadonlyMap<string, number>> {
      const saidMs = new Map<string, number>()
      const beganMs = performance.now()
      for (let passedMs = 0; passedMs < seconds * 1000; passedMs = performance.now() - beganMs) {
        for (let due = Math.floor((passedMs / 1000) * saysPerS) - saidMs.size; due > 0; due--) {
          const id = `i${++said}`
          saidMs.set(id, performance.now())
          speakers[said % SPEAKERS]?.send({
            t: 'say',
            space: SHOW,
            lane: 'danmu',
            n: said,
            id,
            body: { text: `what is said as number ${said}` },
          })
        }
        await sleep(SAY_EVERY_MS)
      }
      return saidMs
    }

    async function round() {
      const quiet = await typist.type(seconds * 1000)
      audience.begin()
      let before = refused
      const [loaded, meanwhile] = await Promise.all([typist.type(seconds * 1000), speak()])
      await audience.has((frames) => countIn(frames) >= meanwhile.size - (refused - before))
      let saidMs: ReadonlyMap<string, number> = new Map()
      audience.begin()
      before = refused
      const cpuS = await ours.cpuS(async () => {
        saidMs = await speak()
        await audience.has((frames) => countIn(frames) >= saidMs.size - (refused - before))
      })
      const frames = audience.end()
      const counted = countIn(frames)
      // What was answered as too late may be there all the same.
      if (counted < saidMs.size - (refused - before) || counted > saidMs.size)
        throw new Error(`${saidMs.size} were said, ${refused - before} refused, and ${counted} told: nothing was measured`)
      const ages = new Ages()
      let items = 0
      for (const { text, atMs } of frames) {
        const ids = (JSON.parse(text) as { items: readonly { id: string }[] }).items.map(({ id }) => id)
        items += ids.length * atMs.length
        for (const id of ids) for (const ms of atMs) ages.add(ms - (saidMs.get(id) ?? Number.NaN))
      }
      // The same frames, as far apart as it takes to send them.
      floorAudience.begin()
      const floorCpuS = await floor.cpuS(async () => {
        for (const { text } of frames) {
          await floor.ask('broadcast', text)
          await sleep(SAY_EVERY_MS)
        }
        await floorAudience.has((sent) => sent.length === frames.length && sent.every(({ atMs }) => atMs.length === viewers))
      })
      floorAudience.end()
      const arrived = frames.reduce((sum, { atMs }) => sum + atMs.length, 0) / (frames.length * viewers)
      counts = {
        viewers,
        said: saidMs.size,
        ticks: frames.length,
        itemsATick: items / viewers / frames.length / arrived,
        arrivedPercent: 100 * arrived,
      }
      const [ourMemory, floorMemory] = [await ours.memory(), await floor.memory()]
      const mib = (bytes: number) => bytes / 1_048_576
      return {
        'CPU s a million items delivered': { ours: (cpuS / items) * 1e6, ws: (floorCpuS / items) * 1e6 },
        'CPU cores while it is said': { ours: cpuS / seconds, ws: floorCpuS / seconds },
        'ms from say to its tick, half of them': { ours: ages.below(0.5), 'half a tick': TICK_MS / 2 },
        'ms from say to its tick, 99 of 100': { ours: ages.below(0.99), 'a tick + 250 ms': TICK_MS + 250 },
        'ms from a mutation to its ack, half of them': { ours: median(loaded), 'without what is said': median(quiet) },
        'ms from a mutation to its ack, the slowest': { ours: Math.max(...loaded), 'without what is said': Math.max(...quiet) },
        'MiB RSS': { ours: mib(ourMemory.rss), ws: mib(floorMemory.rss) },
      }
    }
    let counts: Readonly<Record<string, number>> = {}
    const noisy = [
      'ms from say to its tick, half of them',
      'ms from say to its tick, 99 of 100',
      'ms from a mutation to its ack, half of them',
      'ms from a mutation to its ack, the slowest',
    ]
    audience.begin()
    const first = await speak()
    await audience.has((frames) => countIn(frames) >= first.size - refused)
    const name = `${viewers} viewers, ${saysPerS} says a second, cap ${cap}`
    const figures = await figuresOf('lanes', name, rounds, noisy, () => counts, round)
    for (const client of speakers) client.close()
    typist.leave()
    audience.leave()
    floorAudience.leave()
    await Promise.all([ours.end(), floor.end()])
    return figures
  })
}

interface SeenTick {
  readonly text: string
  /** What it tells: items, folded and cut. */
  readonly count: number
  /** When it came to each, on this process's clock. */
  readonly atMs: number[]
}

/** All who look at the lane. */
class Audience {
  readonly #clients: readonly WireClient[]
  #ticks = new Map<string, SeenTick>()

  constructor(clients: readonly WireClient[]) {
    this.#clients = clients
    for (const client of clients)
      client.onFrame = (text) => {
        if (!text.startsWith('{"t":"tick"')) return
        // Its number stands within the first characters.
        const key = text.slice(0, text.indexOf('"items"'))
        let tick = this.#ticks.get(key)
        if (tick === undefined) {
          tick = { text, count: countOf(text), atMs: [] }
          this.#ticks.set(key, tick)
        }
        tick.atMs.push(performance.now())
      }
  }

  begin(): void {
    this.#ticks = new Map()
  }

  /** Resolves once that is so and the last tick has come to all; later than that what a slow reader was spared does not come any more. */
  async has(isAll: (frames: readonly SeenTick[]) => boolean): Promise<void> {
    for (const untilMs = performance.now() + ARRIVED_WITHIN_MS; performance.now() < untilMs; await sleep(SAY_EVERY_MS)) {
      const frames = [...this.#ticks.values()]
      if (isAll(frames) && frames.at(-1)?.atMs.length === this.#clients.length) return
    }
  }

  end(): readonly SeenTick[] {
    return [...this.#ticks.values()]
  }

  leave(): void {
    for (const client of this.#clients) client.close()
  }
}

function countIn(frames: readonly SeenTick[]): number {
  return frames.reduce((sum, { count }) => sum + count, 0)
}

function countOf(text: string): number {
  const { items, cut } = JSON.parse(text) as { items: readonly { count?: number }[]; cut: number }
  return items.reduce((sum, { count = 1 }) => sum + count, cut)
}

/** Somebody who writes documents in the space, one after the other. */
class Typist {
  readonly #client: WireClient
  readonly #device: Device

  private constructor(client: WireClient, device: Device) {
    this.#client = client
    this.#device = device
  }

  static async sitDown(url: string): Promise<Typist> {
    const device = new Device('typist', SHOW)
    return new Typist(await WireClient.open(url, device, []), device)
  }

  /** How long each took to be acknowledged, in ms. */
  async type(forMs: number): Promise<readonly number[]> {
    const took: number[] = []
    for (const untilMs = performance.now() + forMs; performance.now() < untilMs; await sleep(TYPED_MS)) {
      const beganMs = performance.now()
      const acked = new Promise<void>((resolve) => {
        this.#client.onFrame = (text) => text.includes('"acks"') && resolve()
      })
      this.#client.send({ t: 'mutate', ...this.#device.batch(1) })
      await acked
      took.push(performance.now() - beganMs)
    }
    return took
  }

  leave(): void {
    this.#client.close()
  }
}

/** So many ages that they are counted by the millisecond. */
class Ages {
  readonly #counts = new Uint32Array(AGE_MS_MAX + 1)
  #total = 0

  add(ms: number): void {
    const at = Math.min(AGE_MS_MAX, Math.max(0, Math.round(ms)))
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#total++
  }

  /** The age that this share of them is at most, in ms. */
  below(share: number): number {
    let left = this.#total * share
    return this.#counts.findIndex((count) => {
      left -= count
      return left <= 0
    })
  }
}
