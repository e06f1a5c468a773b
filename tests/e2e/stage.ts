import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { freePort, type ServerProcess, startServer } from '../harness/server-process.ts'

const FLAGS = ['--dev', '--page', 'demo-app/dist']
/** Longer than anything here takes on two busy cores. */
const ACTION_WITHIN_MS = 30_000

/** In a page; one without a worker has no such class. */
function withoutSync(): void {
  if ('ServiceWorkerRegistration' in globalThis) Reflect.deleteProperty(ServiceWorkerRegistration.prototype, 'sync')
}

interface DeviceOptions extends BrowserContextOptions {
  readonly backgroundSync?: boolean
}

/** The real server with the built demo, and a real browser before it. */
export interface Stage {
  /** `localhost`, as a visitor writes it. */
  readonly url: string
  /**
   * Another device: storage and service worker of its own. It goes when the test ends; what its pages threw fails the test. Without
   * `backgroundSync` its pages send everything themselves: a network that is off for a page in a test is often on for its worker.
   */
  device(options?: DeviceOptions): Promise<{ readonly context: BrowserContext; readonly page: Page }>
  /** Ends the server as a power cut would. */
  killServer(): Promise<void>
  startServer(): Promise<void>
  /** Copies all that the server has on its disk, while it is down. */
  backUp(): Promise<void>
  /** Puts that copy in place, while it is down. */
  restore(): Promise<void>
  close(): Promise<void>
}

interface StageOptions {
  /** The backend, relative to the project's root; default the demo's. */
  readonly module?: string
  /** As browsers have it, and playwright takes it away. */
  readonly backForwardCache?: boolean
}

export async function openStage({ module, backForwardCache = false }: StageOptions = {}): Promise<Stage> {
  const options = { flags: FLAGS, ...(module !== undefined && { module }) }
  const data = await mkdtemp(join(tmpdir(), 'tidemark-e2e-'))
  const port = await freePort()
  let server: ServerProcess = await startServer({ data, port, ...options })
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: CHROMIUM_ARGS,
    ...(backForwardCache && { ignoreDefaultArgs: ['--disable-back-forward-cache'] }),
  })

  return {
    url: `http://localhost:${port}/`,
    async device({ backgroundSync = false, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
      context.setDefaultTimeout(ACTION_WITHIN_MS)
      if (!backgroundSync) await context.addInitScript(withoutSync)
      const thrown: string[] = []
      context.on('weberror', (error) => thrown.push(String(error.error().stack ?? error.error())))
      onTestFinished(async () => {
        await context.close()
        if (thrown.length > 0) throw new Error(`thrown in the page:\n${thrown.join('\n')}`)
      })
      return { context, page: await context.newPage() }
    },
    async killServer() {
      await server.end('SIGKILL')
    },
    async startServer() {
      server = await startServer({ data, port, ...options })
    },
    backUp: () => cp(data, `${data}.backup`, { recursive: true }),
    async restore() {
      await rm(data, { recursive: true })
      await cp(`${data}.backup`, data, { recursive: true })
    },
    async close() {
      await browser.close()
      await server.end('SIGTERM')
      for (const folder of [data, `${data}.backup`]) await rm(folder, { recursive: true, force: true })
    },
  }
}
