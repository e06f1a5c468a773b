import { expect } from 'vitest'
import { cpuMs } from './cpu-time.ts'
import type { WireServer } from './wire-server.ts'

/** How long writes took, from the frame to the ack: by the clock, and as work of the server. */
interface Took {
  readonly clockMs: number
  readonly workMs: number
}

export interface Neighbour {
  readonly room: string
  /** Writes that were acknowledged so far. */
  readonly count: number
  /** Ends it; how long its writes took. */
  stop(): Promise<{ readonly count: number; readonly median: Took; readonly slowest: Took }>
}

/** How much longer than its work the server may take by the clock: the rest of the machine may keep it waiting. */
const WAITING = 30

/** Someone who chats in a room of their own while a test does its worst elsewhere: a write every `everyMs`, each of which must be acknowledged. */
export async function neighbour(server: Pick<WireServer, 'enter' | 'pid'>, everyMs = 20): Promise<Neighbour> {
  const room = `room:n${Math.random().toString(36).slice(2)}`
  const peer = await server.enter('neighbour', { follow: [room] })
  let stopped = false
  const took: Took[] = []
  const chatting = (async () => {
    while (!stopped) {
      const beganMs = performance.now()
      const workedMs = cpuMs(server.pid)
      const ack = await peer.mutate(room, 'send', { id: `m${took.length}`, text: 'hello' })
      if (ack.in?.[room] !== took.length + 1) throw new Error(`refused: ${JSON.stringify(ack)}`)
      took.push({ clockMs: performance.now() - beganMs, workMs: cpuMs(server.pid) - workedMs })
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  })()
  // Its failure is told by stop().
  chatting.catch(() => {})
  return {
    room,
    get count() {
      return took.length
    },
    async stop() {
      stopped = true
      await chatting
      const sorted = (of: keyof Took) => took.map((one) => one[of]).sort((a, b) => a - b)
      const [clock, work] = [sorted('clockMs'), sorted('workMs')]
      const at = (place: number): Took => ({ clockMs: clock.at(place) ?? Number.NaN, workMs: work.at(place) ?? Number.NaN })
      return { count: took.length, median: at((took.length - 1) >> 1), slowest: at(-1) }
    },
  }
}

/** Its writes were answered soon, in ms of the server's work, which is about that by the clock on a machine that does nothing else. */
export function expectServed({ median, slowest }: { median: Took; slowest: Took }, medianMsMax: number, slowestMsMax: number): void {
  expect(median.workMs).toBeLessThan(medianMsMax)
  expect(median.clockMs).toBeLessThan(medianMsMax * WAITING)
  expect(slowest.workMs).toBeLessThan(slowestMsMax)
  expect(slowest.clockMs).toBeLessThan(slowestMsMax * WAITING)
}

/** For a line of what came of a test. */
export function served({ count, median, slowest }: { count: number; median: Took; slowest: Took }): string {
  const both = ({ clockMs, workMs }: Took) => `${clockMs.toFixed(1)} (${workMs} of work)`
  return `neighbour ${count} writes, median ${both(median)}, slowest ${both(slowest)} ms`
}
