// What a page loads beside opening, in one piece: what connects, and by which transport.
import { type Connect, connect } from '../connected.ts'
import { pageFrames } from './page-frames.ts'
import type { ServerUrl } from './server-url.ts'
import { type WebTransportPorts, webTransport } from './web-transport.ts'

/** Connects to the server at `url`, unless the world has a transport of its own. */
export function connectTo(url: ServerUrl, ports: WebTransportPorts): Connect {
  return (host) => connect(host, pageFrames, host.world.transport ?? webTransport(url, ports))
}
