// Goal: polls are left as soon as WebSockets get through, and not before. Method: a server of hand-made answers, in virtual time.
import { describe, expect, it } from 'vitest'
import type { HttpRequest, LiveEvents } from '../connection/transport.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { pollTransport, TRY_AFTER_MS, TRY_AFTER_MS_MAX } from './poll-transport.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const hello = JSON.stringify({
  t: 'hello',
  client: `c_${'A'.repeat(22)}`,
  token: 'secret',
  spaces: { 'room:1': [0, ''] },
  nextS: 60,
  app: '1',
})
const welcome = '{"t":"welcome","user":"alice","nowMs":0,"heads":{},"acked":[0,""]}'
const beat = '{"t":"beat","nowMs":0,"sum":0}'

function world(server = { reachable: true }) {
  const time = virtualTime(settle)
  const upgrades: { readonly atMs: number; readonly events: LiveEvents; readonly said: string[]; closed: boolean }[] = []
  const frames: string[] = []
  const closed: number[] = []
  let left = 0
  let otherNetwork = () => {}
  const transport = pollTransport({
    clock: time,
    async request({ path, body = '{}' }: HttpRequest) {
      if (!server.reachable) throw new TypeError('fetch failed')
      if (path === '/v1/connect')
        return { status: 400, contentType: 'application/json', text: '{"error":{"code":"bad-request","message":""}}' }
      const { waitS } = JSON.parse(body)
      await new Promise<void>((resolve) => time.after(waitS * 1000, resolve))
      return { status: 200, contentType: 'application/json', text: `[${welcome},${beat}]` }
    },
    upgrade(events) {
      const attempt = { atMs: time.monotonicMs(), events, said: [] as string[], closed: false }
      upgrades.push(attempt)
      return { send: (text) => attempt.said.push(text), close: () => (attempt.closed = true) }
    },
    network: {
      onChange(listener) {
        otherNetwork = listener
        return () => (otherNetwork = () => {})
      },
    },
    leave: () => left++,
  })
  const connect = async () => {
    const socket = transport.connect({
      opened: () => socket.send(hello),
      frame: (text) => frames.push(text),
      closed: (code) => closed.push(code),
    })
    await time.run(1000)
    return socket
  }
  return {
    ...{ time, upgrades, frames, closed, connect },
    get left() {
      return left
    },
    otherNetwork: () => otherNetwork(),
  }
}

describe('polls', () => {
  it('are left for a WebSocket that brings a welcome, tried beside them with a hello that follows nothing', async () => {
    const w = world()
    await w.connect()
    await w.time.run(TRY_AFTER_MS)
    const [attempt] = w.upgrades
    expect(w.upgrades.length).toBe(1)
    attempt?.events.opened()
    expect(JSON.parse(attempt?.said[0] ?? '')).toMatchObject({ t: 'hello', token: 'secret', spaces: {}, probe: true })
    expect([w.left, w.frames]).toEqual([0, [welcome]])
    attempt?.events.frame(welcome)
    expect([w.left, w.frames, attempt?.closed]).toEqual([1, [welcome, '{"t":"goaway","afterMs":[0,0]}'], true])
    attempt?.events.closed(1000)
    await w.time.run(TRY_AFTER_MS_MAX)
    expect([w.upgrades.length, w.left]).toEqual([1, 1])
  })

  it('try a WebSocket ever less often while none gets through, whether it is refused, hangs, or is told something else', async () => {
    const w = world()
    await w.connect()
    while (w.time.monotonicMs() < 3_600_000) {
      await w.time.run(1000)
      const attempt = w.upgrades.at(-1)
      if (attempt === undefined || attempt.closed || w.time.monotonicMs() - attempt.atMs > 1000) continue
      if (w.upgrades.length % 3 === 0) attempt.events.closed(1006)
      else if (w.upgrades.length % 3 === 1) attempt.events.frame('{"t":"error","error":{"code":"unavailable","message":""}}')
    }
    const gapsMs = w.upgrades.slice(1).map(({ atMs }, i) => atMs - (w.upgrades[i]?.atMs ?? 0))
    expect(w.upgrades[0]?.atMs).toBeLessThanOrEqual(TRY_AFTER_MS + 1000)
    expect(gapsMs[0]).toBeGreaterThanOrEqual(2 * TRY_AFTER_MS)
    expect(Math.max(...gapsMs)).toBeLessThanOrEqual(TRY_AFTER_MS_MAX + 16_000)
    expect(w.upgrades.length).toBeLessThan(18)
    expect(w.upgrades.slice(0, -1).every(({ closed }) => closed)).toBe(true)
    expect([w.left, w.closed]).toEqual([0, []])
  })

  it('try one however short their connections are', async () => {
    const w = world()
    for (let n = 0; n < 10; n++) {
      const socket = await w.connect()
      await w.time.run(1000)
      socket.close()
    }
    expect(w.upgrades.length).toBe(1)
  })

  it('try one at once on another network', async () => {
    const w = world()
    await w.connect()
    w.otherNetwork()
    expect(w.upgrades.length).toBe(1)
  })

  it('that lead nowhere are left', async () => {
    const w = world({ reachable: false })
    await w.connect()
    expect([w.closed, w.left, w.upgrades.length]).toEqual([[1006], 1, 0])
  })

  it('that worked are what is tried next, and nothing is tried beside what was closed', async () => {
    const server = { reachable: true }
    const w = world(server)
    const socket = await w.connect()
    server.reachable = false
    socket.send('{"t":"beat","nextS":60}')
    await w.time.run(1000)
    expect([w.closed, w.left]).toEqual([[1006], 0])
    server.reachable = true
    const again = await w.connect()
    again.close()
    await w.time.run(TRY_AFTER_MS_MAX)
    w.otherNetwork()
    expect([w.left, w.upgrades.length]).toEqual([0, 0])
  })
})
