import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The real `tidemark serve`, in a process of its own, so that a test can end it as a power cut would. */
export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** Ends the process with this signal and waits until it is gone. Returns its exit code; null where the signal ended it. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null>
  /** What it wrote to both outputs. */
  output(): string
}

export interface ServerProcessOptions {
  readonly data: string
  readonly port: number
  /** Relative to the project's root. */
  readonly module?: string
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** A command that becomes the one whose words follow it, in surroundings of its own. */
  readonly within?: readonly string[]
}

export async function startServer({
  data,
  port,
  module = 'demo-app/backend.ts',
  flags = ['--dev'],
  env = {},
  within = [],
}: ServerProcessOptions): Promise<ServerProcess> {
  const [command = process.execPath, ...words] = [...within, process.execPath]
  const child = spawn(
    command,
    [
      ...words,
      '--conditions=@tidemark/source',
      'server/src/main.ts',
      'serve',
      module,
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
      '--data',
      data,
      ...flags,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_ENV: 'development', NODE_OPTIONS: '', ...env } },
  )
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended before it was ready:\n${output}`)
    const ready = await fetch(`${url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (ready) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return { url, pid: child.pid ?? 0, end: (signal) => end(child, signal), output: () => output }
}

async function end(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return child.exitCode
}

/** A port that nobody listens on now; a server that is restarted on the same one needs to know it beforehand. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export async function devToken(url: string, user: string): Promise<string> {
  const answer = await fetch(`${url}/v1/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  })
  if (!answer.ok) throw new Error(`no token for ${user}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { token: string }).token
}
