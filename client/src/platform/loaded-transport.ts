import type { LiveSocket, Transport } from '../connection/transport.ts'

/** A transport whose code is loaded when it is first needed. What cannot be loaded counts as unreachable, and is tried again with the next connection. */
export function loadedTransport(load: () => Promise<Transport>): Transport {
  let loaded: Promise<Transport> | undefined
  const get = () => {
    loaded ??= load().catch((error) => {
      loaded = undefined
      throw error
    })
    return loaded
  }
  return {
    connect(events) {
      let socket: LiveSocket | undefined
      let over = false
      get().then(
        (transport) => {
          if (!over) socket = transport.connect(events)
        },
        () => events.closed(1006),
      )
      return {
        get endpoint() {
          return socket?.endpoint
        },
        send: (text) => socket?.send(text),
        close() {
          over = true
          socket?.close()
        },
      }
    },
    request: async (request) => (await get()).request(request),
  }
}
