// Goal: several addresses act as one. Method: ways to them that open, hang and end as the test says, in virtual time.
import { describe, expect, it } from 'vitest'
import type { LiveEvents, Transport } from '../connection/transport.ts'
import { virtualTime } from '../testing/virtual-time.ts'
import { endpointTransport, RECALL_WITHIN_MS } from './endpoint-transport.ts'
import { ASIDE_MS, HEAD_START_MS } from './endpoints.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const ADDRESSES = ['https://a', 'https://b', 'https://c']

interface Attempt {
  readonly address: string
  readonly events: LiveEvents
  readonly said: string[]
  ended: boolean
}

async function world({ kept = new Map<string, string>(), fails = false } = {}) {
  const time = virtualTime(settle)
  const attempts: Attempt[] = []
  const asked: string[] = []
  const told: string[] = []
  const ways = new Map<string, Transport>(
    ADDRESSES.map((address) => [
      address,
      {
        connect(events) {
          const attempt: Attempt = { address, events, said: [], ended: false }
          attempts.push(attempt)
          return { endpoint: address, send: (text) => attempt.said.push(text), close: () => (attempt.ended = true) }
        },
        async request({ path }) {
          asked.push(address + path)
          return { status: 200, contentType: 'application/json', text: '{}' }
        },
      },
    ]),
  )
  const device = {
    recall(key: string) {
      if (fails) throw new Error('no storage')
      return kept.get(key)
    },
    async remember(key: string, text?: string) {
      if (fails) throw new Error('no storage')
      kept.set(key, text ?? '')
    },
  }
  const transport = await endpointTransport({ ways, device, clock: time })
  const connect = () => {
    attempts.length = 0
    told.length = 0
    return transport.connect({
      opened: () => told.push('opened'),
      frame: (text) => told.push(text),
      closed: (code) => told.push(`closed ${code}`),
    })
  }
  const tried = () => attempts.map(({ address }) => address.slice(-1)).join('')
  return {
    time,
    transport,
    connect,
    tried,
    told,
    asked,
    attempts,
    kept,
    at: (letter: string) => attempts.find(({ address }) => address.endsWith(letter)) as Attempt,
  }
}

describe('several addresses', () => {
  it('what is opened beside a connection goes where that one goes, and changes nothing for it', async () => {
    const w = await world()
    w.connect()
    w.at('b').events.opened()
    const kept = [...w.kept]
    const probe = w.connect()
    expect(w.tried()).toBe('b')
    w.at('b').events.opened()
    w.at('b').events.closed(1006)
    expect([probe.endpoint, w.told, [...w.kept]]).toEqual(['https://b', ['opened', 'closed 1006'], kept])
    await w.transport.request({ path: '/v1/x', token: 't', timeoutMs: 1 })
    expect(w.asked).toEqual(['https://b/v1/x'])
    w.connect()
    expect(w.tried()).toBe('b')
  })

  it('are raced, the first that opens wins, and the others are let go', async () => {
    const w = await world()
    const socket = w.connect()
    expect(w.tried()).toBe('abc')
    expect(socket.endpoint).toBeUndefined()
    w.at('b').events.opened()
    w.at('a').events.opened()
    w.at('a').events.frame('not of this connection')
    w.at('b').events.frame('welcome')
    w.at('c').events.closed(1006)
    expect(w.told).toEqual(['opened', 'welcome'])
    expect([w.at('a').ended, w.at('b').ended, w.at('c').ended]).toEqual([true, false, true])
    socket.send('hello')
    expect([w.at('a').said, w.at('b').said, socket.endpoint]).toEqual([[], ['hello'], 'https://b'])
    await w.transport.request({ path: '/v1/x', token: '', timeoutMs: 1 })
    expect(w.asked).toEqual(['https://b/v1/x'])
    w.at('b').events.closed(1001)
    w.at('b').events.closed(1006)
    expect(w.told).toEqual(['opened', 'welcome', 'closed 1001'])
  })

  it('have a best one, which is remembered by the device and tried first', async () => {
    const w = await world()
    w.connect()
    w.at('c').events.opened()
    w.at('c').events.frame('welcome')
    w.at('c').events.closed(1006)
    w.connect()
    expect(w.tried()).toBe('c')
    const again = await world({ kept: w.kept })
    again.connect()
    expect(again.tried()).toBe('c')
    again.at('c').events.opened()
    await again.time.run(10_000)
    expect(again.tried()).toBe('c')
  })

  it('help out where the best one is slow, and set it aside where they win', async () => {
    const w = await world()
    w.connect()
    w.at('a').events.opened()
    w.at('a').events.frame('welcome')
    w.at('a').events.closed(1006)
    w.connect()
    await w.time.run(HEAD_START_MS)
    expect(w.tried()).toBe('abc')
    w.at('b').events.opened()
    w.at('b').events.frame('welcome')
    expect(w.at('a').ended).toBe(true)
    w.at('b').events.closed(1006)
    w.connect()
    await w.time.run(HEAD_START_MS)
    expect(w.tried()).toBe('bc')
    await w.time.run(ASIDE_MS)
    w.connect()
    await w.time.run(HEAD_START_MS)
    expect(w.tried()).toBe('bac')
  })

  it('do not wait for their moment where the best one fails', async () => {
    const w = await world()
    w.connect()
    w.at('a').events.opened()
    w.at('a').events.frame('welcome')
    w.at('a').events.closed(1006)
    w.connect()
    w.at('a').events.closed(1006)
    expect(w.tried()).toBe('abc')
    w.at('b').events.closed(1006)
    expect(w.told).toEqual([])
    w.at('c').events.closed(4503)
    expect(w.told).toEqual(['closed 4503'])
    w.connect()
    expect(w.tried()).toBe('a')
  })

  it('lose one that opens and says nothing', async () => {
    const w = await world()
    const socket = w.connect()
    w.at('a').events.opened()
    socket.close()
    w.connect()
    expect(w.tried()).toBe('bc')
  })

  it('say nothing after the end, and begin nothing', async () => {
    const w = await world()
    w.connect()
    w.at('a').events.opened()
    w.at('a').events.closed(1006)
    const socket = w.connect()
    socket.close()
    await w.time.run(60_000)
    for (const { events, ended } of w.attempts) {
      expect(ended).toBe(true)
      events.opened()
      events.frame('late')
      events.closed(1006)
    }
    expect([w.told, w.tried()]).toEqual([[], 'bc'])
  })

  it('are there all the same where the device never says which was the best', async () => {
    const time = virtualTime(settle)
    const device = { recall: () => new Promise<never>(() => {}), remember() {} }
    const loaded = endpointTransport({ ways: new Map(), device, clock: time })
    await time.run(RECALL_WITHIN_MS)
    expect(await Promise.race([loaded, settle()])).toBeDefined()
  })

  it('are raced where the device remembers nothing, or nonsense, or fails', async () => {
    for (const text of ['{', 'null', '{"address":"https://elsewhere","atMs":1}', '{"address":"https://a","atMs":"x"}']) {
      const kept = new Map([[`tidemark:endpoint:${ADDRESSES.join(' ')}`, text]])
      const w = await world({ kept })
      w.connect()
      expect(w.tried()).toBe('abc')
    }
    const w = await world({ fails: true })
    w.connect()
    w.at('a').events.opened()
    await settle()
    expect(w.told).toEqual(['opened'])
  })
})
