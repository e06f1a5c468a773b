import { type BareClient, connectBare, type Frame } from '../harness/bare-client.ts'
import { WireCopy, type WireRange } from '../harness/wire-copy.ts'
import { newClientId } from '../harness/wire-peer.ts'
import { SPACES } from './insistent-writer.ts'

/** A device that follows both spaces across every restart. What it may never see: a number that goes back, a reset, a range that does not fit. */
export class SteadyReader {
  readonly user: string
  readonly copies: ReadonlyMap<string, WireCopy> = new Map(SPACES.map((space) => [space, new WireCopy()]))
  readonly faults: string[] = []
  ranges = 0
  readonly #client = newClientId()
  #socket: BareClient | undefined
  #read = 0

  constructor(user: string) {
    this.user = user
  }

  async connect(url: string, token: string): Promise<void> {
    const socket = await connectBare(url)
    this.#socket = socket
    this.#read = 0
    socket.send({ t: 'hello', client: this.#client, token, spaces: this.#stated(SPACES), nextS: 60, app: '1' })
    await socket.expect(({ t }) => t === 'welcome')
    // Looks at each frame as it comes, until the connection ends.
    const watch = socket.expect(() => {
      this.#look(socket)
      return false
    }, 600_000)
    watch.catch(() => undefined)
  }

  /** Resolves when a beat shows that it lacks nothing. */
  async catchUp(): Promise<void> {
    for (let mark = 0; ; ) {
      this.#socket?.send({ t: 'beat', nextS: 60 })
      const seen = mark
      const beat = await this.#socket?.expect((frame) => frame.t === 'beat' && (this.#socket?.frames.indexOf(frame, seen) ?? -1) >= seen)
      mark = this.#socket?.frames.length ?? 0
      if (beat?.sum === [...this.copies.values()].reduce((sum, { term }) => sum + term, 0)) return
    }
  }

  close(): void {
    this.#socket?.close()
  }

  #stated(spaces: readonly string[]): Record<string, [number, string]> {
    return Object.fromEntries(spaces.map((space) => [space, [this.copies.get(space)?.version ?? 0, this.copies.get(space)?.seal ?? '']]))
  }

  #look(socket: BareClient): void {
    for (; this.#read < socket.frames.length; this.#read++) {
      const frame = socket.frames[this.#read] as Frame
      if (frame.t === 'behind') socket.send({ t: 'follow', spaces: this.#stated([frame.space as string]) })
      if (frame.t === 'denied' || frame.t === 'error') this.faults.push(`${this.user}: ${JSON.stringify(frame)}`)
      if (frame.t !== 'range') continue
      const range = frame as unknown as WireRange
      const copy = this.copies.get(range.space) as WireCopy
      const { version } = copy
      const rule = copy.take(range)
      this.ranges += 1
      if (range.reset !== undefined || copy.version < version || rule === 'R4')
        this.faults.push(`${this.user} at ${version}: ${rule} ${JSON.stringify({ ...range, changes: [] })}`)
    }
  }
}
