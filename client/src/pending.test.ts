// Goal: what is written is data at every moment: where it stands, how often it was tried, why that failed, and what can be done about it.
// Method: real replicas, one or several tabs on one storage in memory, over a server of numbers alone, in virtual time.
import type { WireError } from '@tidemark/shared'
import { afterEach, describe, expect, it } from 'vitest'
import type { Pending, Refused, SentState } from './replica-api.ts'
import { type Tab, type TabDevice, tabDevice } from './testing/tab-device.ts'

const down: WireError = { code: 'unavailable', message: 'the engine is down', retryable: true }
const devices: TabDevice[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})

function device(seed = 1): TabDevice {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)), seed)
  devices.push(device)
  return device
}

/** What a stream told, the last at the end. */
function told<T>(stream: { subscribe(observer: { next: (value: T) => void; complete: () => void }): unknown }) {
  const values: T[] = []
  const seen = { values, completed: false, last: () => values.at(-1) as T }
  stream.subscribe({
    next: (value) => values.push(value),
    complete: () => {
      seen.completed = true
    },
  })
  return seen
}
const pendingOf = ({ replica }: Tab) => told<readonly Pending[]>(replica.pending$)
const brief = (pending: readonly Pending[]) => pending.map(({ n, state, attempts, lastError }) => [n, state, attempts, lastError?.code])
const send = ({ room }: Tab, id: string) => room.mutate.send({ id, text: id })

describe('what is pending', () => {
  it('waits while nobody can be reached, is sent, and is there no more once it is answered for', async () => {
    const { open, server, time } = device()
    server.reachable = false
    const tab = await open()
    const pending = pendingOf(tab)
    const sent = told<SentState>((await send(tab, 'a')).state$)
    await time.run(100)
    expect(pending.last()).toMatchObject([{ n: 1, space: 'room:1', name: 'send', args: { id: 'a', text: 'a' }, attempts: 0 }])
    expect(pending.last()[0]?.madeMs).toBeGreaterThan(1_763_596_800_000)
    server.reachable = true
    tab.replica.reconnectNow()
    await time.run(5000)
    expect(pending.values.map(brief)).toEqual([[], [[1, 'waiting', 0, undefined]], [[1, 'sent', 1, undefined]], []])
    expect(sent.values.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['waiting', 0],
      ['sent', 1],
      ['confirmed', 1],
    ])
    expect(sent.completed).toBe(true)
  })

  it('says how often it was sent and why that led nowhere, in every tab, and keeps the count when another tab takes over', async () => {
    const { open, server, time } = device()
    const tabs = [await open(), await open()] as const
    const [leader, follower] = tabs
    await time.run(3000)
    server.refuseBatches = down
    const seen = tabs.map(pendingOf)
    await send(follower, 'a')
    await time.run(5000)
    const attempts = seen[1]?.last()[0]?.attempts ?? 0
    expect(attempts).toBeGreaterThan(1)
    for (const { last } of seen) expect(brief(last())).toEqual([[1, 'waiting', attempts, 'unavailable']])
    expect(seen[1]?.last()[0]?.lastError?.message).toBe('the engine is down')
    await leader.die()
    await time.run(10_000)
    expect(seen[1]?.last()[0]?.attempts).toBeGreaterThan(attempts)
    server.refuseBatches = undefined
    seen[1]?.last()[0]?.retry()
    await time.run(3000)
    expect(seen[1]?.last()).toEqual([])
  })

  it('does not seem to wait again between its answer and its end, in any tab', async () => {
    const { open, time } = device()
    const tabs = [await open(), await open()] as const
    await time.run(3000)
    const seen = tabs.map(pendingOf)
    for (let at = 0; at < 100; at++) {
      void send(tabs[at % 2 === 0 ? 0 : 1], `m${at}`)
      await time.run(at % 7)
    }
    await time.run(3000)
    for (const { values, last } of seen) {
      const wasSent = new Set<number>()
      for (const { n, state, attempts } of values.flat()) {
        if (state === 'sent') wasSent.add(n)
        if (wasSent.has(n)) expect([n, state, attempts]).toEqual([n, 'sent', 1])
      }
      expect([wasSent.size > 50, last()]).toEqual([true, []])
    }
  })

  it('waits again when the connection ends before the answer, with the reason', async () => {
    const { open, server, time } = device()
    const tab = await open()
    await time.run(3000)
    const pending = pendingOf(tab)
    server.faults = { ...server.faults, loseUp: 1 }
    await send(tab, 'a')
    await time.run(50)
    expect(brief(pending.last())).toEqual([[1, 'sent', 1, undefined]])
    server.reachable = false
    server.cut()
    await time.run(50)
    expect(brief(pending.last())).toEqual([[1, 'waiting', 1, 'unavailable']])
    expect(pending.last()[0]?.lastError?.message).toBe('the connection ended with code 1006')
  })

  for (const which of ['the tab that is connected', 'another tab'])
    it(`"try now" in ${which} ends the wait`, async () => {
      const { open, server, time } = device()
      const tabs = [await open(), await open()] as const
      await time.run(3000)
      server.refuseBatches = down
      const [first, second] = tabs
      const pending = pendingOf(which === 'another tab' ? second : first)
      await send(first, 'a')
      while (pending.last().at(-1)?.attempts !== 6) await time.run(1000)
      server.refuseBatches = undefined
      await time.run(1000)
      const { attempts } = pending.last()[0] as Pending
      pending.last()[0]?.retry()
      await time.run(300)
      expect([attempts, pending.last()]).toEqual([6, []])
    })

  it('"try now" without a connection makes one', async () => {
    const { open, server, time } = device()
    server.reachable = false
    const tab = await open()
    const pending = pendingOf(tab)
    await send(tab, 'a')
    await time.run(120_000)
    server.reachable = true
    const { connections } = server
    pending.last()[0]?.retry()
    await time.run(1500)
    expect([server.connections - connections, pending.last()]).toEqual([1, []])
  })

  it('is the same object while nothing of it changes, and nothing is told where nothing changed', async () => {
    const { open, server, time } = device()
    server.reachable = false
    const tab = await open()
    const pending = pendingOf(tab)
    await send(tab, 'a')
    await send(tab, 'b')
    await time.run(100)
    const [a, b] = pending.last()
    const count = pending.values.length
    await time.run(60_000)
    expect(pending.values.length).toBe(count)
    await send(tab, 'c')
    await time.run(100)
    expect(pending.values.length).toBe(count + 1)
    expect([pending.last()[0] === a, pending.last()[1] === b]).toEqual([true, true])
  })

  it('waits again after a reload, and its attempts begin anew', async () => {
    const { open, server, time } = device()
    server.refuseBatches = down
    const tab = await open()
    await send(tab, 'a')
    await time.run(3000)
    await tab.replica.close()
    server.reachable = false
    const again = pendingOf(await open())
    expect(brief(again.last())).toEqual([[1, 'waiting', 0, undefined]])
  })
})

describe('what is pending can be taken back', () => {
  it('offline: it is gone from the list and the screen, and the server does everything but that', async () => {
    const { open, server, time } = device()
    server.reachable = false
    const tab = await open()
    const pending = pendingOf(tab)
    await send(tab, 'a')
    const b = told<SentState>((await send(tab, 'b')).state$)
    await send(tab, 'c')
    await time.run(100)
    await pending.last()[1]?.dismiss()
    await time.run(100)
    expect(brief(pending.last()).map(([n]) => n)).toEqual([1, 3])
    expect((await tab.room.messages.toArray()).map(({ $id }) => $id)).toEqual(['a', 'c'])
    expect(b.last()).toEqual({ state: 'dismissed', attempts: 0, error: undefined })
    expect(await tab.replica.audit()).toEqual({ created: 3, confirmed: 0, refused: 0, pending: 2, discarded: 1 })
    server.reachable = true
    pending.last()[0]?.retry()
    await time.run(3000)
    expect(server.heard.filter(({ t }) => t === 'mutate')).toMatchObject([{ mutations: [{ n: 1 }, { n: 2, void: true }, { n: 3 }] }])
    expect([server.done, pending.last()]).toEqual([[1, 3], []])
    expect(b).toMatchObject({ values: [{ state: 'waiting' }, { state: 'dismissed' }], completed: true })
    expect(told<readonly Refused[]>(tab.replica.rejected$).last()).toEqual([])
    expect(await tab.replica.audit()).toEqual({ created: 3, confirmed: 2, refused: 0, pending: 0, discarded: 1 })
  })

  it('what the server had done before it heard of it turns out to be confirmed', async () => {
    const { open, server, time } = device()
    const tab = await open()
    await time.run(3000)
    const pending = pendingOf(tab)
    const sent = await send(tab, 'a')
    const state = told<SentState>(sent.state$)
    // It is done, and its ack is lost.
    while (server.done.length === 0) await time.run(1)
    server.reachable = false
    server.cut(true)
    await pending.last()[0]?.dismiss()
    await time.run(100)
    expect([pending.last(), state.last().state]).toEqual([[], 'dismissed'])
    expect(await tab.replica.audit()).toEqual({ created: 1, confirmed: 0, refused: 0, pending: 0, discarded: 1 })
    server.reachable = true
    await time.run(200_000)
    expect(state).toMatchObject({ completed: true })
    expect(state.last().state).toBe('confirmed')
    await sent.confirmed
    expect(await tab.replica.audit()).toEqual({ created: 1, confirmed: 1, refused: 0, pending: 0, discarded: 0 })
  })

  it('in any tab, and after a reload; twice is once', async () => {
    const { open, server, time } = device()
    server.reachable = false
    const first = await open()
    await send(first, 'a')
    await first.replica.close()
    const [second, third] = [await open(), await open()]
    const pending = pendingOf(third)
    const one = pending.last()[0]
    await Promise.all([one?.dismiss(), one?.dismiss()])
    await time.run(100)
    expect(pendingOf(second).last()).toEqual([])
    await second.replica.close()
    await third.replica.close()
    const last = await open()
    expect(pendingOf(last).last()).toEqual([])
    expect(await last.replica.audit()).toEqual({ created: 1, confirmed: 0, refused: 0, pending: 0, discarded: 1 })
    server.reachable = true
    last.replica.reconnectNow()
    await time.run(3000)
    expect(server.done).toEqual([])
  })

  it('once it is answered for nothing happens', async () => {
    const { open, server, time } = device()
    const tab = await open()
    const pending = pendingOf(tab)
    await send(tab, 'a')
    await time.run(3000)
    await pending.values.find(([one]) => one !== undefined)?.[0]?.dismiss()
    expect(server.done).toEqual([1])
    expect(await tab.replica.audit()).toEqual({ created: 1, confirmed: 1, refused: 0, pending: 0, discarded: 0 })
  })
})

describe('what became of one mutation', () => {
  it('is told to whoever comes late, too, and ends with the refusal', async () => {
    const { open, server, time } = device()
    server.refuses = () => ({ code: 'rejected', message: 'no', retryable: false })
    const tab = await open()
    const sent = await send(tab, 'a')
    await time.run(3000)
    const late = told<SentState>(sent.state$)
    expect(late).toMatchObject({ values: [{ state: 'refused', attempts: 1, error: { code: 'rejected', message: 'no' } }], completed: true })
    await expect(sent.confirmed).rejects.toMatchObject({ code: 'rejected' })
    const refused = told<readonly Refused[]>(tab.replica.rejected$)
    expect(refused.last()).toMatchObject([{ n: 1, error: { code: 'rejected' }, args: { id: 'a' } }])
  })

  it('ends with the replica while it is open, without an end of its own', async () => {
    const { open, server } = device()
    server.reachable = false
    const tab = await open()
    const seen = told<SentState>((await send(tab, 'a')).state$)
    await tab.replica.close()
    expect([seen.values.map(({ state }) => state), seen.completed]).toEqual([['waiting'], true])
  })
})
