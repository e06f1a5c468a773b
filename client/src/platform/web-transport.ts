import { SUBPROTOCOL } from '@tidemark/shared'
import type { Transport } from '../connection/transport.ts'

/** WebSocket and fetch, to the server at `url` (its origin, or what a proxy maps to it). The token never stands in a URL. */
export function webTransport(url: string | URL): Transport {
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const at = (path: string) => new URL(path.slice(1), base)
  return {
    connect(events) {
      const live = at('/v1/connect')
      live.protocol = live.protocol === 'http:' ? 'ws:' : 'wss:'
      const socket = new WebSocket(live, SUBPROTOCOL)
      let over = false
      const end = (code: number) => {
        if (over) return
        over = true
        events.closed(code)
      }
      socket.onopen = () => over || events.opened()
      socket.onmessage = ({ data }) => {
        if (over) return
        // Nothing but text is of this protocol [B7].
        if (typeof data === 'string') events.frame(data)
        else events.frame('')
      }
      socket.onerror = () => end(1006)
      socket.onclose = ({ code }) => end(code)
      return {
        send: (text) => {
          if (socket.readyState === WebSocket.OPEN) socket.send(text)
        },
        close() {
          over = true
          socket.close()
        },
      }
    },
    async request({ method, path, token, body, timeoutMs }) {
      const answer = await fetch(at(path), {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body ?? null,
        signal: AbortSignal.timeout(timeoutMs),
        cache: 'no-store',
        credentials: 'omit',
        // A captive portal answers with one.
        redirect: 'error',
      })
      const contentType = (answer.headers.get('content-type') ?? '').split(';', 1)[0] as string
      return { status: answer.status, contentType: contentType.trim().toLowerCase(), text: await answer.text() }
    },
  }
}
