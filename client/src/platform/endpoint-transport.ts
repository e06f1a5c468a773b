import type { Clock } from '@tidemark/shared'
import type { LiveSocket, Transport } from '../connection/transport.ts'
import type { Device } from '../device.ts'
import { type Endpoints, failed, newEndpoints, noneWon, startsOf, won } from './endpoints.ts'

/** A device that has not said by then which was the best has forgotten it, in ms. */
export const RECALL_WITHIN_MS = 1000

export interface EndpointPorts {
  /** The addresses, each with its way to it. */
  readonly ways: ReadonlyMap<string, Transport>
  readonly device: Pick<Device, 'recall' | 'remember'> | undefined
  readonly clock: Clock
}

/** Several addresses of one server as one: runs endpoints.ts over their transports. Requests go where the connection is. */
export async function endpointTransport({ ways, device, clock }: EndpointPorts): Promise<Transport> {
  const addresses = [...ways.keys()]
  const transports = [...ways.values()]
  const key = `tidemark:endpoint:${addresses.join(' ')}`
  let state = await remembered()
  let present = state.best ?? 0
  /** Whether a socket to `present` is open. */
  let isOpen = false

  async function remembered(): Promise<Endpoints> {
    try {
      const silent = new Promise<undefined>((resolve) => clock.after(RECALL_WITHIN_MS, () => resolve(undefined)))
      const { address, atMs } = JSON.parse((await Promise.race([device?.recall(key), silent])) ?? '{}')
      const best = addresses.indexOf(address)
      return newEndpoints(addresses.length, best < 0 ? undefined : best, Number(atMs))
    } catch {
      return newEndpoints(addresses.length)
    }
  }

  async function remember(): Promise<void> {
    const { best = 0, bestAtMs } = state
    try {
      await device?.remember(key, JSON.stringify({ address: addresses[best], atMs: bestAtMs }))
    } catch {
      // They are raced again the next time.
    }
  }

  return {
    request: (request) => (transports[present] as Transport).request(request),
    connect(events) {
      // What is opened beside a connection, such as a probe, is about its path, and tells nothing of the others.
      if (isOpen) return (transports[present] as Transport).connect(events)
      const sockets = new Map<number, LiveSocket>()
      const cancels = new Map<number, () => void>()
      const beganAtMs = new Map<number, number>()
      const lost = new Set<number>()
      let winner: number | undefined
      let heard = false
      let over = false

      function begin(at: number): void {
        cancels.get(at)?.()
        cancels.delete(at)
        beganAtMs.set(at, clock.monotonicMs())
        const socket = (transports[at] as Transport).connect({
          opened() {
            if (over || winner !== undefined) return
            winner = at
            present = at
            isOpen = true
            const mineMs = beganAtMs.get(at) ?? 0
            for (const [other, atMs] of beganAtMs) if (atMs < mineMs) lost.add(other)
            endAllBut(at)
            state = won(state, at, [...lost], clock.nowMs())
            void remember()
            events.opened()
          },
          frame(text) {
            if (winner !== at) return
            heard = true
            events.frame(text)
          },
          closed(code) {
            if (over || (winner !== undefined && winner !== at) || lost.has(at)) return
            lost.add(at)
            // The others need not wait for their moment.
            for (const other of [...cancels.keys()]) if (winner === undefined) begin(other)
            if (winner === at || lost.size === beganAtMs.size) {
              end()
              events.closed(code)
            }
          },
        })
        sockets.set(at, socket)
      }

      function endAllBut(kept?: number): void {
        for (const cancel of cancels.values()) cancel()
        cancels.clear()
        for (const [at, socket] of sockets) if (at !== kept) socket.close()
      }

      function end(): void {
        if (over) return
        over = true
        endAllBut()
        if (winner === undefined) {
          state = noneWon(state)
          return
        }
        isOpen = false
        if (!heard) state = failed(state, winner, clock.nowMs())
      }

      const starts = startsOf(state, clock.nowMs())
      starts.forEach((afterMs, at) => {
        if (afterMs > 0 && afterMs < Number.POSITIVE_INFINITY)
          cancels.set(
            at,
            clock.after(afterMs, () => begin(at)),
          )
      })
      starts.forEach((afterMs, at) => {
        if (afterMs === 0) begin(at)
      })
      return {
        get endpoint() {
          return winner === undefined ? undefined : sockets.get(winner)?.endpoint
        },
        send: (text) => winner !== undefined && sockets.get(winner)?.send(text),
        close: end,
      }
    },
  }
}
