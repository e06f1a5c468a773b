import { SUBPROTOCOL } from '@tidemark/shared'
import type { Transport } from '../connection/transport.ts'

/** WebSocket and fetch, to the server at `url` (its origin, or what a proxy maps to it). The token never stands in a URL. */
export function webTransport(url: string | URL): Transport {
  const base = new URL(url).href.replace(/\/$/, '')
  return {
    connect(events) {
      const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/connect`, SUBPROTOCOL)
      socket.onopen = () => events.opened()
      // Nothing but text is of this protocol [B7].
      socket.onmessage = ({ data }) => events.frame(typeof data === 'string' ? data : '')
      socket.onclose = ({ code }) => events.closed(code)
      // Not everywhere does a close follow.
      socket.onerror = () => events.closed(1006)
      return socket
    },
    async request({ path, token, body, timeoutMs }) {
      const answer = await fetch(base + path, {
        ...(body !== undefined && { method: 'POST', body }),
        headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
        signal: AbortSignal.timeout(timeoutMs),
        cache: 'no-store',
        credentials: 'omit',
        // A captive portal answers with one.
        redirect: 'error',
      })
      const contentType = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
      return { status: answer.status, contentType, text: await answer.text() }
    },
  }
}
