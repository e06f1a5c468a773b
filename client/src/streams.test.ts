// Goal: the streams of a replica are what a person who knows RxJS expects: the present first, one source for all, nothing left behind, no errors, an end.
// Method: each stream on a real replica, over a server of numbers alone, in virtual time; what depends on order alone is drawn as marbles.
import { config, type Observable, Subject, take } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { derived } from './derived.ts'
import { type Tab, type TabDevice, tabDevice } from './testing/tab-device.ts'

const devices: TabDevice[] = []
const thrown: unknown[] = []
beforeEach(() => {
  config.onUnhandledError = (error) => thrown.push(error)
})
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
  config.onUnhandledError = null
  thrown.length = 0
  vi.restoreAllMocks()
})

/** A tab that is connected, with something pending, something refused and a document. */
async function busy() {
  const device = tabDevice(() => new Promise((resolve) => setImmediate(resolve)))
  devices.push(device)
  const tab = await device.open()
  await device.time.run(3000)
  device.server.refuses = (n) => (n === 1 ? { code: 'rejected', message: 'no', retryable: false } : undefined)
  await tab.room.mutate.send({ id: 'a', text: 'a' })
  await device.time.run(1000)
  device.server.refuseBatches = { code: 'unavailable', message: 'down', retryable: true }
  const sent = await tab.room.mutate.send({ id: 'b', text: 'b' })
  await device.time.run(1000)
  return { ...device, tab, sent, streams: streamsOf(tab, sent.state$) }
}
function streamsOf({ replica }: Tab, state$: Observable<unknown>): Readonly<Record<string, Observable<unknown>>> {
  const { messages } = replica.space('room:1') as unknown as {
    messages: Readonly<Record<'window$' | 'docs$' | 'snapshots$', Observable<unknown>>> & { doc(id: string): { $: Observable<unknown> } }
  }
  const { status$, pending$, rejected$, progress$, diagnostics$ } = replica
  const { window$, docs$, snapshots$ } = messages
  return { status$, pending$, rejected$, progress$, diagnostics$, state$, window$, docs$, snapshots$, 'doc.$': messages.doc('b').$ }
}
const NAMES = ['status$', 'pending$', 'rejected$', 'progress$', 'diagnostics$', 'state$', 'window$', 'docs$', 'snapshots$', 'doc.$']

describe('each stream', () => {
  for (const name of NAMES) {
    it(`${name}: tells the present to whoever comes, early or late, and the same to all`, async () => {
      const { streams, time, server, tab } = await busy()
      const stream = streams[name] as Observable<unknown>
      const told: unknown[][] = [[], []]
      stream.subscribe((value) => told[0]?.push(value))
      await time.run(100)
      expect(told[0]?.length).toBe(1)
      stream.subscribe((value) => told[1]?.push(value))
      await time.run(100)
      expect(told[1]).toEqual(told[0])
      server.refuseBatches = undefined
      server.commit('room:1')
      await tab.room.mutate.send({ id: 'c', text: 'c' })
      await time.run(60_000)
      expect(told[1]).toEqual(told[0])
      expect(told[1]?.every((value, at) => value === told[0]?.[at] || name === 'window$')).toBe(true)
    })

    it(`${name}: has one source for many, and nothing is left of those who are gone`, async () => {
      const { streams, time } = await busy()
      const subscribe = vi.spyOn(Subject.prototype, 'subscribe')
      const stream = streams[name] as Observable<unknown>
      const subscriptions = Array.from({ length: 20 }, () => stream.subscribe())
      await time.run(100)
      stream.pipe(take(1)).subscribe()
      for (const subscription of subscriptions) subscription.unsubscribe()
      const sources = new Set(subscribe.mock.contexts as unknown as Subject<unknown>[])
      expect(sources.size).toBeLessThanOrEqual(name === 'window$' ? 2 : 1)
      // The tab itself looks at one of them.
      const left = [...sources].reduce((sum, { observers }) => sum + observers.length, 0)
      expect(left).toBe(name === 'status$' || name === 'window$' ? 1 : 0)
      // It begins again.
      let again = 0
      stream.subscribe(() => again++)
      await time.run(100)
      expect(again).toBe(1)
    })

    it(`${name}: completes with the replica, also for whoever comes after that`, async () => {
      const { streams, tab, time } = await busy()
      const stream = streams[name] as Observable<unknown>
      const ends: string[] = []
      const end = (which: string) => ({ complete: () => ends.push(which), error: () => ends.push(`${which} failed`) })
      stream.subscribe(end('before'))
      await time.run(100)
      await tab.replica.close()
      stream.subscribe(end('after'))
      await time.run(100)
      expect(ends).toEqual(['before', 'after'])
    })

    it(`${name}: one that throws, leaves, comes, writes or closes while it is told harms no other`, async () => {
      const { streams, tab, time, server } = await busy()
      const stream = streams[name] as Observable<unknown>
      const told = { before: 0, within: 0, after: 0 }
      const broken = () => {
        throw new Error(`a subscriber of ${name} is broken`)
      }
      stream.subscribe(broken)
      stream.subscribe(() => told.before++)
      const leaving = stream.subscribe(() => queueMicrotask(() => leaving.unsubscribe()))
      stream.pipe(take(1)).subscribe(() => {
        stream.subscribe(() => told.within++)
        void tab.room.mutate.send({ id: `of ${name}`, text: 'w' })
        tab.replica.reconnectNow()
      })
      stream.subscribe(() => told.after++)
      server.refuseBatches = undefined
      await time.run(60_000)
      expect(told.before).toBeGreaterThan(0)
      expect([told.within, told.after]).toEqual([told.before, told.before])
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(thrown.length).toBe(told.before)
      let isClosed = false
      stream.subscribe({
        next() {
          void tab.replica.close()
        },
        complete() {
          isClosed = true
        },
      })
      await time.run(1000)
      expect(isClosed || name === 'state$').toBe(true)
    })
  }
})

describe('what is derived', () => {
  const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected))

  it('tells what differs, of whichever source, and nothing where there is nothing', () => {
    scheduler().run(({ hot, expectObservable, expectSubscriptions }) => {
      let now = ''
      const watched = (marbles: string) => {
        const source = hot(marbles)
        source.subscribe((value) => {
          now = value === '0' ? '' : value
        })
        return source
      }
      const a = watched('a-a-b---0--c-|')
      const b = watched('----b-d-------|')
      // Each is told after what it is about has changed.
      expectObservable(derived([a, b], () => now || undefined)).toBe('a---b-d----c-|')
      expectSubscriptions(a.subscriptions).toBe(['^------------!', '^------------!'])
      expectSubscriptions(b.subscriptions).toBe(['^-------------!', '^------------!'])
    })
  })

  it('lets its sources go with its subscriber', () => {
    scheduler().run(({ hot, expectObservable, expectSubscriptions }) => {
      const a = hot('a-b-c-d-|')
      let count = 0
      expectObservable(
        derived([a], () => String(count++)),
        '--^--!',
      ).toBe('--0-1')
      expectSubscriptions(a.subscriptions).toBe('--^--!')
    })
  })
})
