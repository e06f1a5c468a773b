import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const deployPage = fileURLToPath(new URL('../../docs/deploy.md', import.meta.url))

/** An installed nginx; undefined where there is none. Debian keeps it where ordinary users do not look. */
export function findNginx(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/nginx/sbin']
  return folders.map((folder) => join(folder, 'nginx')).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The lines that docs/deploy.md gives to an operator, made to listen here and to lead there. TLS, which needs a certificate, is left out. */
export async function documentedLines(listenPort: number, upstreamPort: number): Promise<string> {
  const page = await readFile(deployPage, 'utf8')
  const block = /```nginx\n([\s\S]*?)```/.exec(page)?.[1]
  if (block === undefined) throw new Error('docs/deploy.md has no nginx block')
  return replaced(
    block,
    [/listen 443 ssl;/, `listen 127.0.0.1:${listenPort};`],
    [/ *ssl_certificate .*\n/, ''],
    [/ *ssl_certificate_key .*\n/, ''],
    [/127\.0\.0\.1:8787/, `127.0.0.1:${upstreamPort}`],
  )
}

/** Throws where a pattern is not found: the page has changed, and this has to follow. */
export function replaced(text: string, ...changes: readonly (readonly [pattern: RegExp, by: string])[]): string {
  return changes.reduce((before, [pattern, by]) => {
    if (!pattern.test(before)) throw new Error(`not found: ${pattern} in\n${before}`)
    return before.replace(pattern, by)
  }, text)
}

export interface NginxProcess {
  end(): Promise<void>
}

/** A real nginx with these lines in its `http` block and defaults for all else, in a folder of its own. Resolves once it serves `port`. */
export async function startNginx(program: string, lines: string, port: number): Promise<NginxProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tidemark-nginx-'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name}_temp;`).join(' ')
  const config = `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    pid nginx.pid;
    error_log stderr warn;
    events {}
    http { access_log off; ${temporary}\n${lines}\n}
  `
  await writeFile(join(folder, 'nginx.conf'), config)
  const child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk) => (output += chunk))
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended:\n${output}\n${config}`)
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined)
    if (answer !== undefined) break
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  return {
    async end() {
      await ended(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}
