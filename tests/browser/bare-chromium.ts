// A Chromium that is driven by the DevTools protocol alone. Playwright keeps each of its pages in front, so that none is ever hidden or frozen.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WebSocket from 'ws'
import { CHROMIUM_ARGS, findChromium } from './find-chromium.ts'

export interface BarePage {
  send(method: string, params?: object): Promise<unknown>
  /** What an expression comes to, as JSON; a promise is awaited. */
  evaluate(expression: string): Promise<unknown>
}

export interface BareChromium {
  /** A new tab, behind those that are there. */
  open(url: string): Promise<BarePage>
  close(): Promise<void>
}

export async function startBareChromium(): Promise<BareChromium> {
  const profile = await mkdtemp(join(tmpdir(), 'tidemark-bare-'))
  const flags = ['--headless=new', '--remote-debugging-port=0', '--no-default-browser-check', `--user-data-dir=${profile}`]
  const child = spawn((await findChromium()) as string, [...CHROMIUM_ARGS, ...flags, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  const origin = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const [, found] = /DevTools listening on ws:\/\/([^/]+)/.exec(said) ?? []
      if (found) resolve(`http://${found}`)
    })
    child.once('exit', () => reject(new Error(`the browser ended:\n${said}`)))
  })
  const sockets: WebSocket[] = []
  return {
    async open(url) {
      const answer = await fetch(`${origin}/json/new?${encodeURIComponent(url)}`, { method: 'PUT' })
      const { webSocketDebuggerUrl } = (await answer.json()) as { webSocketDebuggerUrl: string }
      const socket = new WebSocket(webSocketDebuggerUrl)
      sockets.push(socket)
      await once(socket, 'open')
      let asked = 0
      const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>()
      socket.on('message', (data) => {
        const answer = JSON.parse(String(data))
        waiting.get(answer.id)?.(answer)
      })
      const send = (method: string, params: object = {}) =>
        new Promise<unknown>((resolve, reject) => {
          waiting.set(++asked, ({ result, error }) => (error ? reject(new Error(`${method}: ${error.message}`)) : resolve(result)))
          socket.send(JSON.stringify({ id: asked, method, params }))
        })
      return {
        send,
        async evaluate(expression) {
          const said = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
          return (said as { result: { value: unknown } }).result.value
        },
      }
    },
    async close() {
      for (const socket of sockets) socket.terminate()
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
