import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenReplicaOptions, openReplica, type Replica, type Transport, webTransport } from '@tidemark/client'
import { type Authenticate, createSyncServer, jwt, type Listening, type Log, serve, signToken, sqliteChangelog } from '@tidemark/server'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { access, app } from '../../demo-app/backend.ts'
import { hold, holdAnswer } from '../harness/held-to-schema.ts'

export type ChatReplica = Replica<typeof app>

const SECRET = 'the secret of the integration tests, long enough'

export function tokenOf(user: string, expiresInS = 3600): Promise<string> {
  return signToken({ secret: SECRET, user, nowMs: Date.now(), expiresInS })
}

/** A real server on SQLite that can be stopped and started again at its address, and devices with a disk each. */
export interface BothEnds {
  readonly url: string
  start(): Promise<void>
  stop(): Promise<void>
  /** A device of this user; `disk` is what survives closing it. */
  open(user: string, options?: Partial<OpenReplicaOptions<typeof app>> & { readonly disk?: IDBFactory }): Promise<ChatReplica>
  /** Ends everything. Rejects where either end said what the published schema does not know. */
  close(): Promise<void>
}

export async function bothEnds(authenticate: Authenticate = jwt({ secret: SECRET, algorithms: ['HS256'] }), log?: Log): Promise<BothEnds> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-'))
  let listening: Listening | undefined
  let port = 0
  const replicas = new Set<ChatReplica>()
  const misread: unknown[] = []
  const ends: BothEnds = {
    get url() {
      return `http://localhost:${port}`
    },
    async start() {
      const changelog = sqliteChangelog(join(folder, 'tidemark.db'))
      const server = createSyncServer({
        app,
        changelog,
        authenticate,
        access,
        ...(log === undefined ? {} : { log }),
      })
      listening = await serve(server, { port })
      port = listening.port
    },
    async stop() {
      await listening?.close()
      listening = undefined
    },
    async open(user, { disk = new IDBFactory(), ...options } = {}) {
      const replica = await openReplica({
        app,
        url: options.url ?? ends.url,
        user,
        token: () => tokenOf(user),
        indexedDB: disk,
        IDBKeyRange,
        ...options,
        transport: heldTransport(options.transport ?? webTransport(options.url ?? ends.url), (error) => misread.push(error)),
      })
      replicas.add(replica)
      return replica
    },
    async close() {
      for (const replica of replicas) await replica.close()
      await ends.stop()
      await rm(folder, { recursive: true })
      if (misread.length > 0) throw misread[0]
    },
  }
  await ends.start()
  return ends
}

/** Holds all that either end says against the published schema. */
function heldTransport(transport: Transport, onMisread: (error: unknown) => void): Transport {
  function held(check: () => void): void {
    try {
      check()
    } catch (error) {
      onMisread(error)
    }
  }
  return {
    connect(events) {
      const socket = transport.connect({
        ...events,
        frame(text) {
          held(() => hold('ServerFrame', JSON.parse(text)))
          events.frame(text)
        },
      })
      return {
        close: () => socket.close(),
        send(text) {
          held(() => hold('ClientFrame', JSON.parse(text)))
          socket.send(text)
        },
      }
    },
    async request(request) {
      const answer = await transport.request(request)
      if (answer.contentType === 'application/json')
        held(() => holdAnswer(request.body === undefined ? 'GET' : 'POST', request.path, answer.status, JSON.parse(answer.text)))
      return answer
    },
  }
}

/** Resolves once `check` holds. Rejects with `what` after `withinMs`. */
export async function eventually(what: string, check: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const endMs = performance.now() + withinMs
  while (!(await check())) {
    if (performance.now() > endMs) throw new Error(`it never came true within ${withinMs} ms that ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
