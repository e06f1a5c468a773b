import { Device, openMany, WireClient } from './drive/wire-client.ts'
import { withFolder } from './folder.ts'
import { type Figure, figuresOf } from './measure/figure.ts'
import { startSubject } from './measure/subject.ts'
import type { Scale } from './scale.ts'

/** Connections before the first measurement: what a process needs once is there then. */
const BEFORE = 100

/** What a connection that said hello and follows a space holds while nothing happens, beside a bare `ws` that was sent as many frames. */
export function idle({ rounds, idle: { connections } }: Scale): Promise<readonly Figure[]> {
  return withFolder(async (folder) => {
    let started = 0
    const held = async (subject: 'tidemark' | 'bare-ws', roomOf: (at: number) => string) => {
      const { ready, memory, end } = await startSubject<{ readonly url: string }>(
        subject,
        subject === 'tidemark' ? { data: folder(String(started++)) } : {},
      )
      const open = (at: number) => WireClient.open(ready.url, new Device(`u${at}`, roomOf(at)), [roomOf(at)])
      const first = await openMany(BEFORE, open)
      const before = await memory()
      const rest = await openMany(connections, (at) => open(at + BEFORE))
      const after = await memory()
      for (const client of [...first, ...rest]) client.close()
      await end()
      const each = (bytes: number) => bytes / connections / 1024
      return { held: each(after.held - before.held), rss: each(after.rss - before.rss) }
    }
    const figures: Figure[] = []
    const cases = [
      { name: 'one room', roomOf: () => 'room:r0' },
      { name: 'a room each', roomOf: (at: number) => `room:r${at}` },
    ]
    for (const { name, roomOf } of cases) {
      const run = async () => {
        const ours = await held('tidemark', roomOf)
        const ws = await held('bare-ws', roomOf)
        return {
          'KiB a connection, heap and external': { ours: ours.held, ws: ws.held },
          'KiB a connection, RSS': { ours: ours.rss, ws: ws.rss },
        }
      }
      figures.push(...(await figuresOf('idle', `${connections} connections, ${name}`, rounds, [], () => ({ connections }), run)))
    }
    return figures
  })
}
