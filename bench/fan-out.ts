import { Device, openMany, WireClient } from './drive/wire-client.ts'
import { withFolder } from './folder.ts'
import { assertDone, type Figure, figuresOf } from './measure/figure.ts'
import { startSubject } from './measure/subject.ts'
import type { Scale } from './scale.ts'
import type { BareWsReady } from './subjects/bare-ws.child.ts'
import type { TidemarkReady } from './subjects/tidemark.child.ts'

const ROOM = 'room:r0'

/** Commits of one writer that reach everybody in the room, beside a bare `ws` that sends the same bytes to as many. */
export function fanOut({ rounds, fanOut: { readers, commits } }: Scale): Promise<readonly Figure[]> {
  return withFolder(async (folder) => {
    const ours = await startSubject<TidemarkReady>('tidemark', { data: folder('ours') })
    const floor = await startSubject<BareWsReady>('bare-ws')
    const writer = new Device('writer', ROOM)
    const writing = await WireClient.open(ours.ready.url, writer, [])
    const ourReaders = await Crowd.gather(ours.ready.url, readers)
    const floorReaders = await Crowd.gather(floor.ready.url, readers)

    /** Each commit leaves when the one before has reached everybody: a frame for each, or for each burst. */
    const round = async (burst: number) => {
      const deliveries = commits * readers
      const frames: string[] = []
      let beganMs = performance.now()
      const cpuS = await ours.cpuS(async () => {
        for (let sent = 0; sent < commits; sent += burst) {
          const reached = ourReaders.reached((text) => (JSON.parse(text) as { to: number }).to, writer.made + burst)
          writing.send({ t: 'mutate', ...writer.batch(burst) })
          frames.push(...(await reached))
        }
      })
      const wallS = (performance.now() - beganMs) / 1000
      const changes = frames.reduce((sum, text) => sum + (JSON.parse(text) as { changes: readonly unknown[] }).changes.length, 0)
      assertDone('commits that arrived', changes, commits)
      // The floor sends a frame for each commit, as nothing gathers there: for a burst that of one commit, as often.
      const bare = burst === 1 ? frames : Array.from({ length: commits }, () => oneCommitOf(frames[0] ?? ''))
      beganMs = performance.now()
      const floorCpuS = await floor.cpuS(async () => {
        for (let at = 0; at < bare.length; at += burst) {
          const due = bare.slice(at, at + burst)
          const reached = floorReaders.counted(due.length)
          for (const text of due) await floor.ask('broadcast', text)
          await reached
        }
      })
      const floorWallS = (performance.now() - beganMs) / 1000
      return {
        'CPU s a million deliveries': { ours: (cpuS / deliveries) * 1e6, ws: (floorCpuS / deliveries) * 1e6 },
        'deliveries/s': { ours: deliveries / wallS, ws: deliveries / floorWallS },
      }
    }
    const counted = () => ({ readers, commits })
    const noisy = ['deliveries/s']
    await round(1)
    const single = await figuresOf('fan-out', `${readers} readers, a commit at a time`, rounds, noisy, counted, () => round(1))
    const burst = Math.min(10, commits)
    const bursts = await figuresOf('fan-out', `${readers} readers, ${burst} commits at a time`, rounds, noisy, counted, () => round(burst))
    writing.close()
    ourReaders.close()
    floorReaders.close()
    await Promise.all([ours.end(), floor.end()])
    return [...single, ...bursts]
  })
}

/** The frame of a burst as it would be with its first change alone. */
function oneCommitOf(text: string): string {
  const frame = JSON.parse(text) as { from: number; to: number; changes: readonly object[] }
  return JSON.stringify({ ...frame, to: frame.from + 1, changes: frame.changes.slice(0, 1) })
}

/** Everybody who reads along. */
class Crowd {
  readonly #clients: readonly WireClient[]

  private constructor(clients: readonly WireClient[]) {
    this.#clients = clients
  }

  static async gather(url: string, count: number): Promise<Crowd> {
    return new Crowd(await openMany(count, (at) => WireClient.open(url, new Device(`u${at}`, ROOM), [ROOM])))
  }

  /** The frames of one reader, once the last frame of each has this number. Rejects where two readers were sent different bytes. */
  async reached(numberOf: (text: string) => number, number: number): Promise<readonly string[]> {
    const first: string[] = []
    const bytes = await Promise.all(
      this.#clients.map(
        (client, at) =>
          new Promise<number>((resolve) => {
            let characters = 0
            client.onFrame = (text) => {
              characters += text.length
              if (at === 0) first.push(text)
              if (numberOf(text) === number) resolve(characters)
            }
          }),
      ),
    )
    if (new Set(bytes).size > 1) throw new Error('readers were sent different bytes')
    return first
  }

  /** Resolves once each was sent this many frames. */
  async counted(frames: number): Promise<void> {
    await Promise.all(
      this.#clients.map(
        (client) =>
          new Promise<void>((resolve) => {
            let left = frames
            client.onFrame = () => {
              if (--left === 0) resolve()
            }
          }),
      ),
    )
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }
}
