// A person's terminal in an empty folder, for the commands that a page says to type.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { PackedPackages } from '../harness/packed-packages.ts'

/** Longer than a command takes on two busy cores, in ms. */
const COMMAND_WITHIN_MS = 60_000

export interface Terminal {
  /** A line of commands that end. `cd` stays. Resolves with what was printed; rejects with it when one fails. */
  type(line: string): Promise<string>
  /** A command that goes on until it is ended as by Ctrl+C. Resolves when it listens. */
  start(line: string): Promise<() => Promise<void>>
  write(file: string, text: string): Promise<void>
  /** Ends what runs, and takes the folder away. */
  close(): Promise<void>
}

interface TerminalOptions {
  /** `npm install` puts in place what this repository has, without npm. Of ours it always takes what npm would publish. */
  readonly quick: boolean
  /** Where `tidemark serve` listens unless told otherwise. */
  readonly port: number
}

export async function openTerminal(packed: PackedPackages, { quick, port }: TerminalOptions): Promise<Terminal> {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-start-'))
  const running = new Set<ChildProcess>()
  let folder = home
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_)/i.test(name))
  const env = {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    PORT: String(port),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  }

  async function run(command: string): Promise<string> {
    const ran = promisify(execFile)('sh', ['-c', command], { cwd: folder, env, timeout: COMMAND_WITHIN_MS })
    const { stdout, stderr } = await ran.catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${command} fails:\n${error.stdout}${error.stderr}`)
    })
    return stdout + stderr
  }
  async function end(child: ChildProcess): Promise<void> {
    running.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGINT')
    await gone
  }
  return {
    async type(line) {
      let printed = ''
      for (const command of line.split(' && ')) {
        const [word, second, ...words] = command.split(' ')
        if (word === 'cd') folder = join(folder, second ?? '')
        else if (word !== 'npm' || second !== 'install') printed += await run(command)
        else if (!quick) await packed.install(folder, words)
        else if (!existsSync(join(folder, 'node_modules'))) await packed.link(folder)
      }
      return printed
    },
    async start(line) {
      const [, command = '', ...words] = line.split(' ')
      // Past npx, which would take the signal for itself.
      const child = spawn(process.execPath, [join(folder, 'node_modules/.bin', command), ...words], { cwd: folder, env })
      running.add(child)
      let said = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
      for (const endMs = performance.now() + COMMAND_WITHIN_MS; !/https?:\/\/localhost:\d+/.test(said); ) {
        if (child.exitCode !== null || performance.now() > endMs) throw new Error(`${line} does not listen:\n${said}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return () => end(child)
    },
    async write(file, text) {
      await mkdir(join(folder, dirname(file)), { recursive: true })
      await writeFile(join(folder, file), text)
    },
    async close() {
      for (const child of running) await end(child)
      await rm(home, { recursive: true, force: true })
    },
  }
}
