// Goal: polls are turned to where WebSockets bring nothing, and nowhere else. Method: a WebSocket and a fetch of the test's own.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { NO_HINTS } from '../connection/hints.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { webTransport } from './web-transport.ts'

class FakeWebSocket {
  static made: FakeWebSocket[] = []
  onopen = () => {}
  onmessage = (_: { data: unknown }) => {}
  onclose = (_: { code: number }) => {}
  onerror = () => {}
  readonly url: string
  closed = false
  constructor(url: string) {
    this.url = url
    FakeWebSocket.made.push(this)
  }
  send() {}
  close() {
    this.closed = true
  }
  /** As browsers tell of an upgrade that was refused. */
  refuse() {
    this.onerror()
    this.onclose({ code: 1006 })
  }
}

/** What is loaded on demand takes its turns. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 5))

function world() {
  FakeWebSocket.made = []
  const time = virtualTime(settle)
  const fetched: string[] = []
  vi.stubGlobal('WebSocket', FakeWebSocket)
  vi.stubGlobal('fetch', async (url: string) => {
    fetched.push(url)
    return new Response('{"error":{"code":"bad-request","message":""}}', { headers: { 'content-type': 'application/json; charset=utf-8' } })
  })
  const transport = webTransport('https://chat.example/', { network: NO_HINTS, clock: time })
  const told: string[] = []
  const connect = () => {
    told.length = 0
    return transport.connect({
      opened: () => told.push('opened'),
      frame: (text) => told.push(text),
      closed: (code) => told.push(`closed ${code}`),
    })
  }
  return { time, transport, connect, told, fetched, socket: () => FakeWebSocket.made.at(-1) as FakeWebSocket, made: FakeWebSocket.made }
}

afterEach(() => vi.unstubAllGlobals())

describe('the transport of a browser', () => {
  it('takes the first refusal as the end of an attempt, and the second as reason to poll, in the same attempt', async () => {
    const w = world()
    expect(w.connect().endpoint).toBe('https://chat.example')
    w.socket().refuse()
    expect(w.told).toEqual(['closed 1006'])
    const socket = w.connect()
    w.socket().refuse()
    await vi.waitFor(() => expect(w.told).toEqual(['opened']))
    expect(w.fetched).toEqual(['https://chat.example/v1/connect'])
    expect([socket.endpoint, w.made.map(({ url }) => url)]).toEqual([
      undefined,
      ['wss://chat.example/v1/connect', 'wss://chat.example/v1/connect'],
    ])
  })

  it('takes an upgrade that hangs, and one after which nothing comes, for failures, too', async () => {
    const w = world()
    w.connect()
    await w.time.run(10_000)
    expect(w.told).toEqual(['closed 1006'])
    const silent = w.connect()
    w.socket().onopen()
    await w.time.run(10_000)
    // It was open: only the next one can be another.
    expect(w.told).toEqual(['opened', 'closed 1006'])
    silent.close()
    w.connect()
    expect(w.made.length).toBe(2)
    await vi.waitFor(() => expect(w.told).toEqual(['opened']))
  })

  it('does not count what once spoke, what was closed here, or one failure twice', async () => {
    const w = world()
    for (let n = 0; n < 5; n++) {
      w.connect()
      w.socket().onopen()
      w.socket().onmessage({ data: 'welcome' })
      w.socket().onclose({ code: 1001 })
      w.connect().close()
      w.socket().refuse()
      w.connect()
      w.socket().refuse()
      w.connect()
      w.socket().onopen()
      w.socket().onmessage({ data: 'welcome' })
    }
    await w.time.run(60_000)
    expect([w.fetched, w.made.length]).toEqual([[], 20])
  })

  it('[B7] gives on nothing but text', () => {
    const w = world()
    w.connect()
    w.socket().onmessage({ data: new ArrayBuffer(4) })
    expect(w.told).toEqual([''])
  })

  it('gives up a request whose answer does not begin in time, and lets one that began take its time', async () => {
    const w = world()
    const lateMs = { head: 0, body: 0 }
    vi.stubGlobal('fetch', async (_: string, { signal }: { signal: AbortSignal }) => {
      const wait = (ms: number) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(resolve, ms)
          signal.onabort = () => reject(signal.reason)
        })
      await wait(lateMs.head)
      return { status: 200, headers: new Headers(), text: () => wait(lateMs.body).then(() => 'all of it') }
    })
    const asked = { path: '/v1/x', token: 'secret', timeoutMs: 200, beginsMs: 50 }
    lateMs.body = 100
    expect(await w.transport.request(asked)).toMatchObject({ text: 'all of it' })
    lateMs.body = 1000
    await expect(w.transport.request(asked)).rejects.toThrow('abort')
    lateMs.head = 100
    lateMs.body = 0
    await expect(w.transport.request(asked)).rejects.toThrow('abort')
    expect(await w.transport.request({ ...asked, beginsMs: undefined })).toMatchObject({ text: 'all of it' })
  })

  it('posts JSON where there is a body, and shows the token in the header alone', async () => {
    const w = world()
    const seen: RequestInit[] = []
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      seen.push(init)
      return new Response('{}', { headers: { 'content-type': 'Application/JSON' } })
    })
    const asked = { path: '/v1/x', token: 'secret', timeoutMs: 1000 }
    expect(await w.transport.request(asked)).toEqual({ status: 200, contentType: 'application/json', text: '{}' })
    await w.transport.request({ ...asked, body: '{"a":1}' })
    expect(seen[0]).toMatchObject({
      headers: { authorization: 'Bearer secret' },
      redirect: 'error',
      cache: 'no-store',
      credentials: 'omit',
    })
    expect(seen[0]?.method).toBeUndefined()
    expect(seen[1]).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { 'content-type': 'application/json' } })
  })
})
