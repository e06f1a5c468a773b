import { WebSocket } from 'ws'
import { hold } from './held-to-schema.ts'

/** A client as a third party would write one from the protocol's page: a bare WebSocket, frames as they come, each held against the published schema. */
export interface BareClient {
  readonly frames: readonly Frame[]
  /** The subprotocol that the server took. */
  readonly protocol: string
  send(frame: unknown): void
  /** The first frame, past or to come, that fits; rejects after `withinMs`, or when the connection ends before. */
  expect(fits: (frame: Frame) => boolean, withinMs?: number): Promise<Frame>
  readonly closed: Promise<number>
  close(): void
}

export type Frame = { readonly t: string; readonly [field: string]: unknown }

export async function connectBare(url: string, protocols: readonly string[] = ['tidemark.1']): Promise<BareClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/connect`, [...protocols])
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of [...waiting]) look()
  }
  let ended = false
  let misread: unknown
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      ended = true
      resolve(code)
      wake()
    })
  })
  socket.on('error', () => {})
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as Frame
    frames.push(frame)
    try {
      hold('ServerFrame', frame)
    } catch (error) {
      misread ??= error
    }
    wake()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve())
    socket.once('error', reject)
  })
  return {
    frames,
    protocol: socket.protocol,
    closed,
    send: (frame) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    close: () => socket.terminate(),
    expect: (fits, withinMs = 10_000) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer)
          waiting.delete(look)
          act()
        }
        const look = () => {
          const found = frames.find(fits)
          if (misread !== undefined) settle(() => reject(misread))
          else if (found !== undefined) settle(() => resolve(found))
          else if (ended) settle(() => reject(new Error(`the connection ended; came: ${JSON.stringify(frames).slice(0, 2000)}`)))
        }
        const timer = setTimeout(
          () => settle(() => reject(new Error(`not within ${withinMs} ms; came: ${JSON.stringify(frames).slice(0, 2000)}`))),
          withinMs,
        )
        waiting.add(look)
        look()
      }),
  }
}
