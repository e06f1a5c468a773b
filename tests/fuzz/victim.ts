import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { API_KEY_RECORD, SECRET } from './words.ts'

/** What the process says of itself; both stalls since it was asked last. */
export interface Probe {
  /** How long its event loop stood still at most, in ms, by the clock. */
  readonly wallMs: number
  /** The same, of which this process worked so much itself. */
  readonly cpuMs: number
  /** After a collection of garbage. */
  readonly heapBytes: number
  readonly rssBytes: number
}

/** A real server process on a database of its own, whose Object.prototype is frozen, and which says how it is. */
export interface Victim {
  readonly url: string
  readonly pid: number
  /** Where its database is. */
  readonly data: string
  probe(): Promise<Probe>
  /** What it wrote to both outputs since it was started. */
  output(): string
  isAlive(): boolean
  /** Starts it on the same data, also where it still runs. */
  restart(): Promise<void>
  /** Ends it cleanly; its exit code. */
  stop(): Promise<number | null>
  /** Ends it and deletes its data. */
  remove(): Promise<void>
}

const PROBE_WITHIN_MS = 20_000
const PROBE_FILE = fileURLToPath(new URL('./server-probe.ts', import.meta.url))

export async function startVictim(): Promise<Victim> {
  const data = await mkdtemp(join(tmpdir(), 'tidemark-fuzz-'))
  await writeFile(join(data, 'api-keys.json'), JSON.stringify({ keys: [API_KEY_RECORD] }))
  const port = await freePort()
  const env = { TIDEMARK_SECRET: SECRET, TIDEMARK_LOG: 'error', NODE_OPTIONS: `--import=${PROBE_FILE}` }
  const start = (): Promise<ServerProcess> => startServer({ data, port, module: 'tests/fuzz/fuzzed-backend.ts', env })
  let server = await start()
  const told = () => server.output().match(/^probe .*$/gm) ?? []
  const isAlive = () => {
    try {
      process.kill(server.pid, 0)
      return true
    } catch {
      return false
    }
  }
  return {
    get url() {
      return server.url
    },
    get pid() {
      return server.pid
    },
    data,
    output: () => server.output(),
    isAlive,
    async probe() {
      const before = told().length
      process.kill(server.pid, 'SIGUSR2')
      for (const endMs = performance.now() + PROBE_WITHIN_MS; performance.now() < endMs; ) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        const line = told()[before]
        if (line !== undefined) return JSON.parse(line.slice('probe '.length)) as Probe
      }
      throw new Error(`the server says nothing of itself:\n${server.output().slice(-2000)}`)
    },
    async restart() {
      await server.end('SIGKILL')
      server = await start()
    },
    stop: () => server.end('SIGTERM'),
    async remove() {
      await server.end('SIGKILL')
      await rm(data, { recursive: true, force: true })
    },
  }
}
