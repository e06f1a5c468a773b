import { connect, type Socket } from 'node:net'

/** A socket on which a test writes what no client library would. */
export interface RawSocket {
  /** Writes; resolves when it has left this process, or the socket has ended. */
  write(bytes: string | Uint8Array): Promise<void>
  /** The first bytes that came, as latin1; at most 64 KiB are kept. */
  received(): string
  /** The first line of an HTTP answer's status; 0 when the socket ended without one. */
  readonly status: Promise<number>
  /** When it ended, in ms after it began. */
  readonly ended: Promise<number>
  /** Stops reading, or goes on. */
  readonly socket: Socket
}

const KEPT_CHARACTERS = 65_536

export function rawSocket(url: string): RawSocket {
  const { hostname, port } = new URL(url)
  const beganMs = performance.now()
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  let received = ''
  const gotStatus = Promise.withResolvers<number>()
  const ended = Promise.withResolvers<number>()
  socket.on('data', (data: Buffer) => {
    if (received.length < KEPT_CHARACTERS) received += data.toString('latin1')
    const status = /^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]
    if (status !== undefined) gotStatus.resolve(Number(status))
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    gotStatus.resolve(0)
    ended.resolve(performance.now() - beganMs)
  })
  return {
    socket,
    status: gotStatus.promise,
    ended: ended.promise,
    received: () => received,
    write: (bytes) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve()
        socket.write(bytes, () => resolve())
      }),
  }
}

/** The request of a WebSocket's handshake. */
export function handshake(headers: Readonly<Record<string, string>> = {}): string {
  const lines = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'tidemark.1',
    ...headers,
  }
  return `GET /v1/connect HTTP/1.1\r\n${Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`
}

/** A frame as a client sends it, masked with zeros. Source: RFC 6455 §5.2. */
export function clientFrame(payload: string | Uint8Array, { opcode = 1, fin = true }: { opcode?: number; fin?: boolean } = {}): Buffer {
  const bytes = Buffer.from(payload as string)
  const head = bytes.length < 126 ? [bytes.length] : bytes.length < 65_536 ? [126, bytes.length >> 8, bytes.length & 0xff] : undefined
  const length = Buffer.alloc(8)
  length.writeBigUInt64BE(BigInt(bytes.length))
  const [first = 127, ...rest] = head ?? [127, ...length]
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, 0x80 | first, ...rest, 0, 0, 0, 0]), bytes])
}

/** The code of the closing frame that ends what was received; undefined where there is none. */
export function closeCode(received: string): number | undefined {
  const at = received.lastIndexOf('\x88')
  return at < 0 ? undefined : received.charCodeAt(at + 2) * 256 + received.charCodeAt(at + 3)
}
