import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { freePort, type ServerProcess, startServer } from './server-process.ts'
import { type ConnectOptions, connectPeer, type WirePeer } from './wire-peer.ts'

export interface WireServer {
  readonly url: string
  readonly pid: number
  /** A peer of this user, greeted; gone after the test. */
  enter(user: string, options?: ConnectOptions): Promise<WirePeer>
}

/** One real server process for all tests of a file, on data of its own. `secret`: what its tokens are signed with, where a test signs some. */
export function wireServer({
  module,
  secret,
  env: more = {},
}: {
  readonly module?: string
  readonly secret?: string
  readonly env?: Readonly<Record<string, string>>
} = {}): WireServer {
  let data: string
  let server: ServerProcess
  const peers: WirePeer[] = []
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tidemark-wire-'))
    const env = { ...more, ...(secret === undefined ? {} : { TIDEMARK_SECRET: secret }) }
    server = await startServer({ data, port: await freePort(), env, ...(module === undefined ? {} : { module }) })
  })
  afterEach(() => {
    for (const peer of peers.splice(0)) peer.close()
  })
  afterAll(async () => {
    await server.end('SIGTERM')
    await rm(data, { recursive: true, force: true })
  })
  return {
    get url() {
      return server.url
    },
    get pid() {
      return server.pid
    },
    async enter(user, options) {
      const peer = await connectPeer(server.url, user, options)
      peers.push(peer)
      return peer
    },
  }
}
