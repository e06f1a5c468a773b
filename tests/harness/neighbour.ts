import type { WireServer } from './wire-server.ts'

export interface Neighbour {
  readonly room: string
  /** Ends it; how long its writes took, from the frame to the ack. */
  stop(): Promise<{ readonly count: number; readonly medianMs: number; readonly slowestMs: number }>
}

/** Someone who chats in a room of their own while a test does its worst elsewhere: a write every `everyMs`, each of which must be acknowledged. */
export async function neighbour(server: Pick<WireServer, 'enter'>, everyMs = 20): Promise<Neighbour> {
  const room = `room:n${Math.random().toString(36).slice(2)}`
  const peer = await server.enter('neighbour', { follow: [room] })
  let stopped = false
  const tookMs: number[] = []
  const chatting = (async () => {
    while (!stopped) {
      const beganMs = performance.now()
      const ack = await peer.mutate(room, 'send', { id: `m${tookMs.length}`, text: 'hello' })
      if (ack.in?.[room] !== tookMs.length + 1) throw new Error(`refused: ${JSON.stringify(ack)}`)
      tookMs.push(performance.now() - beganMs)
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  })()
  // Its failure is told by stop().
  chatting.catch(() => {})
  return {
    room,
    async stop() {
      stopped = true
      await chatting
      const sorted = [...tookMs].sort((a, b) => a - b)
      return { count: sorted.length, medianMs: sorted[sorted.length >> 1] ?? Number.NaN, slowestMs: sorted.at(-1) ?? Number.NaN }
    },
  }
}
