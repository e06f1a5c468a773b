import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** Between a client and a server, what networks do to both: frames that get lost, answers that never come, connections that are cut. */
export interface LossyProxy {
  readonly url: string
  /** How many of the next range frames are lost. */
  loseRanges: number
  /** How many of the next answers of HTTP are lost; their requests reach the server. */
  loseAnswers: number
  /** Requests of HTTP so far, by path without its query. */
  readonly requests: readonly string[]
  /** Frames of clients so far, as they came. */
  readonly said: readonly string[]
  /** Says this to every client, as if the server had; `up`: and this to the server. */
  inject(down: object, up?: object): void
  /** Ends every live connection. */
  cut(): void
  close(): Promise<void>
}

export async function lossyProxy(target: string): Promise<LossyProxy> {
  const links = new Map<WebSocket, WebSocket>()
  const requests: string[] = []
  const said: string[] = []
  const server = createServer(async (request, response) => {
    requests.push(request.url?.split('?')[0] ?? '')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = 'GET' } = request
    const headers = { authorization: request.headers.authorization ?? '', 'content-type': 'application/json' }
    const answer = await fetch(`${target}${request.url}`, {
      method,
      headers,
      ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }),
    }).catch(() => undefined)
    const text = await answer?.text()
    if (proxy.loseAnswers > 0) {
      proxy.loseAnswers--
      request.socket.destroy()
    } else response.writeHead(answer?.status ?? 502, { 'content-type': 'application/json' }).end(text)
  })
  const clients = new WebSocketServer({ server })
  clients.on('connection', (client, { url }) => {
    const upstream = new WebSocket(`${target.replace('http', 'ws')}${url}`, client.protocol)
    links.set(client, upstream)
    const early: string[] = []
    client.on('message', (data) => {
      said.push(String(data))
      if (upstream.readyState === upstream.OPEN) upstream.send(String(data))
      else early.push(String(data))
    })
    upstream.on('open', () => {
      for (const text of early.splice(0)) upstream.send(text)
    })
    upstream.on('message', (data) => {
      const text = String(data)
      if (proxy.loseRanges > 0 && text.startsWith('{"t":"range"')) proxy.loseRanges--
      else client.send(text)
    })
    const end = () => {
      links.delete(client)
      client.terminate()
      upstream.terminate()
    }
    for (const socket of [client, upstream]) socket.on('close', end).on('error', end)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: LossyProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseRanges: 0,
    loseAnswers: 0,
    requests,
    said,
    inject(down, up) {
      for (const [client, upstream] of links) {
        if (up !== undefined) upstream.send(JSON.stringify(up))
        client.send(JSON.stringify(down))
      }
    },
    cut() {
      for (const client of [...links.keys()]) client.terminate()
    },
    async close() {
      proxy.cut()
      clients.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}
