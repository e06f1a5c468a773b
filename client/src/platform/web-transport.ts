import { type Clock, SUBPROTOCOL } from '@tidemark/shared'
import type { Network } from '../connection/hints.ts'
import type { LiveEvents, LiveSocket, Transport } from '../connection/transport.ts'
import type { Device } from '../device.ts'
import { loadedTransport } from './loaded-transport.ts'
import { browserNetwork } from './page-hints.ts'
import { basesOf, type ServerUrl } from './server-url.ts'
import { systemClock } from './system-clock.ts'
import { webRequest } from './web-request.ts'

/** WebSockets in a row that brought nothing, after which polls are tried. */
const FAILURES_MAX = 2
/** An upgrade, and then a first frame, that has not come by then counts as one that will not, in ms. */
const SILENT_MAX_MS = 9000

export interface WebTransportPorts {
  readonly network?: Pick<Network, 'onChange'>
  readonly clock?: Clock
  /** Remembers the best of several addresses. */
  readonly device?: Pick<Device, 'recall' | 'remember'> | undefined
}

/** WebSocket and fetch, to the server at `url`; of several addresses the best is found by a race, and remembered. The token never stands in a URL. */
export function webTransport(url: ServerUrl, { network = browserNetwork, clock = systemClock, device }: WebTransportPorts = {}): Transport {
  const bases = basesOf(url)
  const ways = new Map(bases.map((base) => [base, wayTo(base, network, clock)]))
  const [only] = ways.values()
  if (ways.size === 1 && only) return only
  return loadedTransport(async () => (await import('./endpoint-transport.ts')).endpointTransport({ ways, device, clock }))
}

/** To one address. Where WebSockets do not get through, the same frames go over requests, by code that is loaded then. */
function wayTo(base: string, network: Pick<Network, 'onChange'>, clock: Clock): Transport {
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
      let stage: 'opening' | 'open' | 'heard' | 'over' = 'opening'
      let endWatch = () => {}
      const ended = (code: number) => {
        endWatch()
        const before = stage
        stage = 'over'
        if (before === 'opening' || before === 'open') failures++
        if (before === 'opening' && failures >= FAILURES_MAX) {
          socket.close()
          socket = polls.connect(events)
        } else if (before !== 'over') events.closed(code)
      }
      const watch = () => {
        endWatch()
        endWatch = clock.after(SILENT_MAX_MS, () => ended(1006))
      }
      let socket = upgrade({
        opened() {
          stage = 'open'
          watch()
          events.opened()
        },
        frame(text) {
          endWatch()
          stage = 'heard'
          failures = 0
          events.frame(text)
        },
        closed: ended,
      })
      watch()
      return {
        get endpoint() {
          return socket.endpoint
        },
        send: (text) => socket.send(text),
        close() {
          endWatch()
          stage = 'over'
          socket.close()
        },
      }
    },
  }
}
