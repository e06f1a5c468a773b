import { ANSWER_MS } from '../../client/src/connection/beat.ts'
import { PROBE_WITHIN_MS } from '../../client/src/connection/connection.ts'
import type { Network, Socket } from './network.ts'
import { reconnectMs } from './reconnect.ts'
import type { Strategy } from './strategy.ts'
import type { Timeline } from './timeline.ts'

/** Our client with one interval, whatever happens. */
export class Fixed implements Strategy {
  beats = 0
  readonly probes = 0
  readonly #time: Timeline
  readonly #network: Network
  readonly #intervalMs: number
  #socket: Socket | undefined
  #open = false
  #cancel = () => {}

  constructor(time: Timeline, network: Network, intervalMs: number) {
    this.#time = time
    this.#network = network
    this.#intervalMs = intervalMs
    this.#connect()
  }

  moved(): void {
    if (this.#open) this.#beat(PROBE_WITHIN_MS)
  }

  intervalS(): number {
    return this.#intervalMs / 1000
  }

  settled(): boolean {
    return true
  }

  #beat(withinMs: number): void {
    this.beats++
    this.#socket?.send()
    this.#then(withinMs, () => this.#lost())
  }

  #then(ms: number, run: () => void): void {
    this.#cancel()
    this.#cancel = this.#time.after(ms, run)
  }

  #lost(): void {
    this.#open = false
    this.#socket?.close()
    this.#then(reconnectMs(this.#network.connects), () => this.#connect())
  }

  #connect(): void {
    const wait = () => {
      this.#open = true
      this.#then(this.#intervalMs, () => this.#beat(ANSWER_MS))
    }
    this.#socket = this.#network.connect(true, { opened: wait, heard: wait, closed: () => this.#lost() })
  }
}
