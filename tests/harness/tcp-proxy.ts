import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How a path ends what is idle: nobody is told, both are by a reset, or both by a clean close. */
export type Cut = 'silently' | 'with a reset' | 'with a close'

/** What a path does to the connections that begin from then on. */
export interface PathFaults {
  /** Ends a connection on which nothing moved for `afterMs`. */
  readonly idle?: { readonly afterMs: number; readonly cut: Cut } | undefined
  /**
   * Of upgrades: the request goes on without the word, is refused with 403, is never answered, or is answered and nothing more comes
   * through. Of everything: a 502 with HTML, or the page of a captive portal, with status 200.
   */
  readonly answers?: 'strips upgrades' | 'refuses upgrades' | 'hangs upgrades' | 'buffers upgrades' | '502' | 'portal' | undefined
}

/** Bytes between a client and a server, and what paths do to both. Time is the real one. */
export interface TcpProxy {
  readonly url: string
  faults: PathFaults
  /** Connections begun so far; of them those that asked for an upgrade; connections that are open now. */
  readonly begun: number
  readonly upgrades: number
  readonly open: number
  /** Bytes of every present connection that go this way vanish from now on; nobody is told. */
  halfOpen(direction: 'to the server' | 'to the client'): void
  /** Ends every present connection. */
  cut(): void
  close(): Promise<void>
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  deaf: { server: boolean; client: boolean }
}

const HEAD_END = '\r\n\r\n'
const HEAD_BYTES_MAX = 65_536
const UPGRADE = /\r\nupgrade: *websocket/i

export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target)
  const links = new Set<Link>()
  const sockets = new Set<Socket>()
  let begun = 0
  let upgrades = 0

  const listener = createServer({ noDelay: true }, (client) => {
    begun++
    const { faults } = proxy
    hold(client)
    if (faults.answers === '502' || faults.answers === 'portal') {
      const [status, text] = faults.answers === '502' ? ['502 Bad Gateway', 'Bad gateway'] : ['200 OK', 'Sign in to the hotel']
      const page = `<html><body>${text}</body></html>`
      client.once('data', () => {
        client.end(`HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\nConnection: close\r\n\r\n${page}`)
      })
      return
    }
    // Which path it takes is told by its first head.
    let head = ''
    const look = (chunk: Buffer) => {
      head += chunk.toString('latin1')
      if (!head.includes(HEAD_END) && head.length < HEAD_BYTES_MAX) return
      client.off('data', look)
      client.pause()
      begin(client, head, faults)
    }
    client.on('data', look)
  })

  function begin(client: Socket, head: string, { answers, idle }: PathFaults): void {
    const isUpgrade = UPGRADE.test(head)
    if (isUpgrade) upgrades++
    if (isUpgrade && answers === 'hangs upgrades') return void client.resume()
    if (isUpgrade && answers === 'refuses upgrades')
      return void client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    const isKept = isUpgrade && answers !== 'strips upgrades'
    const server = connect({ host: hostname, port: Number(port), noDelay: true })
    hold(server)
    const link: Link = { client, server, deaf: { server: false, client: false } }
    links.add(link)
    const end = () => {
      links.delete(link)
      clearTimeout(timer)
      client.destroy()
      server.destroy()
    }
    const cut = () => {
      if (idle?.cut === 'silently') link.deaf = { server: true, client: true }
      else {
        if (idle?.cut === 'with a reset') for (const socket of [client, server]) socket.resetAndDestroy()
        else for (const socket of [client, server]) socket.end()
        links.delete(link)
      }
    }
    let timer = idle && setTimeout(cut, idle.afterMs)
    const moved = () => {
      if (!idle) return
      clearTimeout(timer)
      timer = setTimeout(cut, idle.afterMs)
    }
    // Of a socket that is silently dead, nobody hears anything, not even its end.
    const isDead = () => link.deaf.server && link.deaf.client
    let answered = false
    server.on('data', (chunk: Buffer) => {
      if (isDead()) return
      moved()
      if (link.deaf.client || (isUpgrade && answers === 'buffers upgrades' && answered)) return
      answered = true
      client.write(chunk)
    })
    client.on('data', (chunk: Buffer) => {
      if (isDead()) return
      moved()
      if (!link.deaf.server) server.write(chunk)
    })
    for (const socket of [client, server]) socket.on('close', () => !isDead() && end())
    // A request is the only one of its connection: what follows it would not be looked at.
    const once = head.replace(UPGRADE, '').replace(/\r\nconnection: [^\r]*/i, '\r\nConnection: close')
    server.write(isKept ? head : once, 'latin1')
    client.resume()
  }

  function hold(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }

  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const proxy: TcpProxy = {
    url: `http://localhost:${(listener.address() as AddressInfo).port}`,
    faults: {},
    get begun() {
      return begun
    },
    get upgrades() {
      return upgrades
    },
    get open() {
      return links.size
    },
    halfOpen(direction) {
      for (const { deaf } of links) {
        if (direction === 'to the server') deaf.server = true
        else deaf.client = true
      }
    },
    cut() {
      for (const { client, server } of links) {
        client.resetAndDestroy()
        server.destroy()
      }
      links.clear()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
  return proxy
}
