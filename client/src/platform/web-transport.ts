import { type Clock, SUBPROTOCOL } from '@tidemark/shared'
import type { Network } from '../connection/hints.ts'
import type { LiveEvents, LiveSocket, Transport } from '../connection/transport.ts'
import { loadedTransport } from './loaded-transport.ts'
import { browserNetwork } from './page-hints.ts'
import { systemClock } from './system-clock.ts'
import { baseOf, webRequest } from './web-request.ts'

/** WebSockets in a row that brought nothing, after which polls are tried. */
const FAILURES_MAX = 2
/** An upgrade, and then a first frame, that has not come by then counts as one that will not, in ms. */
const SILENT_MAX_MS = 9000

export interface WebTransportPorts {
  readonly network?: Pick<Network, 'onChange'>
  readonly clock?: Clock
}

/**
 * WebSocket and fetch, to the server at `url` (its origin, or what a proxy maps to it). The token never stands in a URL. Where WebSockets
 * do not get through, the same frames go over requests, by code that is loaded then.
 */
export function webTransport(url: string | URL, { network = browserNetwork, clock = systemClock }: WebTransportPorts = {}): Transport {
  const base = baseOf(url)
  let failures = 0

  function upgrade(events: LiveEvents): LiveSocket {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/v1/connect`, SUBPROTOCOL)
    socket.onopen = () => events.opened()
    // Nothing but text is of this protocol [B7].
    socket.onmessage = ({ data }) => events.frame(typeof data === 'string' ? data : '')
    socket.onclose = ({ code }) => events.closed(code)
    // Not everywhere does a close follow.
    socket.onerror = () => events.closed(1006)
    return { endpoint: base, send: (text) => socket.send(text), close: () => socket.close() }
  }

  const request = webRequest(base)
  const polls = loadedTransport(async () => {
    const { pollTransport } = await import('./poll-transport.ts')
    return { request, ...pollTransport({ request, upgrade, network, clock, leave: () => (failures = FAILURES_MAX - 1) }) }
  })

  return {
    request,
    connect(events) {
      if (failures >= FAILURES_MAX) return polls.connect(events)
      let heard = false
      let over = false
      let endWatch = () => {}
      const ended = (code: number) => {
        endWatch()
        if (!over && !heard) failures++
        over = true
        events.closed(code)
      }
      const watch = () => {
        endWatch()
        endWatch = clock.after(SILENT_MAX_MS, () => ended(1006))
      }
      const socket = upgrade({
        opened() {
          watch()
          events.opened()
        },
        frame(text) {
          endWatch()
          heard = true
          failures = 0
          events.frame(text)
        },
        closed: ended,
      })
      watch()
      return {
        ...socket,
        close() {
          endWatch()
          over = true
          socket.close()
        },
      }
    },
  }
}
