import { randomBytes } from 'node:crypto'
import { WebSocket } from 'ws'
import { TEXT } from '../chat.ts'
import { tokenFor } from '../token.ts'

export interface Batch {
  readonly client: string
  readonly on: string
  readonly mutations: readonly { readonly n: number; readonly nonce: string; readonly space: string }[]
}

/** The mutations of one device, numbered and chained as protocol §6 wants them. */
export class Device {
  readonly client: string = `c_${randomBytes(16).toString('base64url')}`
  readonly user: string
  readonly room: string
  #n = 0
  #on = ''

  constructor(user: string, room: string) {
    this.user = user
    this.room = room
  }

  /** Mutations that it has made. */
  get made(): number {
    return this.#n
  }

  batch(count: number): Batch {
    const on = this.#on
    const mutations = Array.from({ length: count }, () => {
      this.#n += 1
      this.#on = randomBytes(8).toString('hex')
      const args = { id: `${this.client.slice(2, 18)}${this.#n}`, text: TEXT }
      return { n: this.#n, nonce: this.#on, space: this.room, name: 'send', args, madeMs: 1_763_596_800_000 }
    })
    return { client: this.client, on, mutations }
  }
}

/** A bare WebSocket that says hello; its frames are told as they come. */
export class WireClient {
  /** Called with every frame after those that answer the hello. */
  onFrame: (text: string) => void = () => {}
  readonly #socket: WebSocket

  private constructor(socket: WebSocket) {
    this.#socket = socket
  }

  /** Resolves once it was welcomed, and a range came for each space and how it runs for each lane. */
  static async open(
    url: string,
    device: Device,
    spaces: readonly string[],
    lanes: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
  ): Promise<WireClient> {
    const token = await tokenFor(device.user)
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/connect`, 'tidemark.1', { perMessageDeflate: false })
    const client = new WireClient(socket)
    const hello = {
      t: 'hello',
      client: device.client,
      token,
      spaces: Object.fromEntries(spaces.map((space) => [space, [0, '']])),
      ...(Object.keys(lanes).length > 0 && { lanes }),
      nextS: 3600,
      app: '1',
    }
    await new Promise<void>((resolve, reject) => {
      let awaited = 1 + spaces.length + Object.values(lanes).flatMap(Object.keys).length
      socket.once('error', reject)
      socket.once('close', (code) => reject(new Error(`the connection ended with ${code}`)))
      socket.on('open', () => socket.send(JSON.stringify(hello)))
      socket.on('message', (data: Buffer) => {
        if (awaited > 0 && --awaited === 0) resolve()
        else if (awaited <= 0) client.onFrame(data.toString())
      })
    })
    return client
  }

  send(frame: object): void {
    this.#socket.send(JSON.stringify(frame))
  }

  close(): void {
    this.#socket.terminate()
  }
}

/** Opens many, some at a time. */
export async function openMany<T>(count: number, open: (at: number) => Promise<T>): Promise<readonly T[]> {
  const opened: T[] = []
  const AT_ONCE = 50
  let next = 0
  const worker = async () => {
    while (next < count) {
      const at = next++
      opened[at] = await open(at)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker))
  return opened
}
