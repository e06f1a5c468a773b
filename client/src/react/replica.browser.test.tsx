// The hooks over a real replica, whose server is a small one of the same page.
import { collection, defineApp, space } from '@tidemark/shared'
import { type ReactNode, StrictMode, Suspense } from 'react'
import type { RootOptions } from 'react-dom/client'
import { BehaviorSubject, defer, of, throwError } from 'rxjs'
import * as v from 'valibot'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { NO_HINTS } from '../connection/hints.ts'
import { openReplica } from '../open-replica.ts'
import { systemClock } from '../platform/system-clock.ts'
import {
  hooksFor,
  useDocument,
  useMutation,
  useObservable,
  usePending,
  useQuery,
  useRefused,
  useStatus,
  useSuspenseQuery,
} from '../react.ts'
import { memoryStorage } from '../replica/memory-storage.ts'
import type { ReplicaStorage } from '../replica/storage.ts'
import type { Replica, Status } from '../replica-api.ts'
import { type FakeServer, fakeServer } from '../testing/fake-server.ts'
import { drawn, type Mounted, mounted } from '../testing/mounted.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { startsWith } from '../watch/conditions.ts'
import { KEPT_MS } from './kept.ts'

/** How often it is looked, in ms. */
const QUICK = { interval: 5 }

const app = defineApp({
  version: '1',
  spaces: {
    room: space({
      collections: { messages: collection(v.object({ text: v.string() })) },
      mutators: {
        async send(tx, { id, text }: { id: string; text: string }) {
          if (text === 'spam') tx.reject('no spam here')
          await tx.messages.create(id, { text })
        },
      },
    }),
  },
})
const { ReplicaProvider, useReplica, useSpace } = hooksFor<typeof app>()

let server: FakeServer
let replica: Replica<typeof app>
/** Spaces that were opened and closed, in order. */
let log: string[]
let page: Mounted | undefined
const errors: unknown[] = []

async function open(storage?: ReplicaStorage): Promise<void> {
  server = fakeServer(systemClock, seededRandom(1))
  const opened = await openReplica({
    storage,
    app,
    url: 'http://localhost',
    user: 'alice',
    name: crypto.randomUUID(),
    token: () => 'good',
    transport: server.transport,
    network: NO_HINTS,
    lifecycle: NO_HINTS,
  })
  log = []
  replica = Object.create(opened, {
    space: {
      value: (id: `room:${string}`) => {
        log.push(`open ${id}`)
        const room = opened.space(id)
        const { close } = room
        return Object.assign(room, {
          close() {
            log.push(`close ${id}`)
            close()
          },
        })
      },
    },
  })
  errors.length = 0
}
beforeEach(() => open())
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  page?.end()
  page = undefined
  await replica.close()
})

function show(children: ReactNode, options?: RootOptions): Mounted {
  const container = document.body.appendChild(document.createElement('div'))
  const provided = (inside: ReactNode) => <ReplicaProvider replica={replica}>{inside}</ReplicaProvider>
  const made = mounted(container, provided(children), options)
  page = { ...made, show: (next) => made.show(provided(next)) }
  return page
}
const shows = (text: string) => expect.poll(() => page?.text(), QUICK).toBe(text)
const live = () => expect.poll(() => phase(), { ...QUICK, timeout: 5_000 }).toBe('live')
const phase = () => statusNow().phase
function statusNow(): Status {
  let now: Status | undefined
  replica.status$.subscribe((status) => {
    now = status
  })
  return now as Status
}
const follows = () => server.heard.flatMap((frame) => (frame.t === 'hello' || frame.t === 'follow' ? Object.keys(frame.spaces) : []))
const unfollowed = () => server.heard.some(({ t }) => t === 'unfollow')

describe('ReplicaProvider', () => {
  it('shows its fallback until there is a replica', async () => {
    const container = document.body.appendChild(document.createElement('div'))
    page = mounted(
      container,
      <ReplicaProvider replica={undefined} fallback="opening">
        inside
      </ReplicaProvider>,
    )
    await shows('opening')
    page.show(
      <ReplicaProvider replica={replica} fallback="opening">
        inside
      </ReplicaProvider>,
    )
    await shows('inside')
  })

  it('is missed with words that say what to do', async () => {
    const Lost = () => useReplica().user
    page = mounted(document.body.appendChild(document.createElement('div')), <Lost />, { onUncaughtError: (error) => errors.push(error) })
    await expect.poll(() => String(errors[0]), QUICK).toMatch(/BadRequestError: .*<ReplicaProvider/)
  })
})

describe('useSpace', () => {
  const Room = ({ id }: { id: `room:${string}` }) => useSpace(id).id

  it('follows while mounted; neither the double mounting of StrictMode nor a second component follows again', async () => {
    const both = (
      <StrictMode>
        <Room id="room:1" />
        <Room id="room:1" />
      </StrictMode>
    )
    const { show: showAgain } = show(both)
    await shows('room:1room:1')
    await live()
    showAgain(null)
    await shows('')
    showAgain(both)
    await shows('room:1room:1')
    await drawn()
    expect(log).toEqual(['open room:1'])
    expect([follows(), unfollowed()]).toEqual([['room:1'], false])
  })

  it('closes a space some time after the last component that used it is gone', async () => {
    const { show: showAgain } = show(<Room id="room:1" />)
    await shows('room:1')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    showAgain(<Room id="room:2" />)
    await vi.waitUntil(() => page?.text() === 'room:2')
    await vi.advanceTimersByTimeAsync(KEPT_MS)
    expect(log).toEqual(['open room:1', 'open room:2', 'close room:1'])
    await vi.waitUntil(() => Object.keys(statusNow().spaces).join() === 'room:2')
    showAgain(null)
    await vi.waitUntil(() => page?.text() === '')
    await vi.advanceTimersByTimeAsync(KEPT_MS)
    expect(log.at(-1)).toBe('close room:2')
  })

  it('closes it likewise where the replica was closed before', async () => {
    const { show: showAgain } = show(<Room id="room:1" />)
    await shows('room:1')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    showAgain(null)
    await vi.waitUntil(() => page?.text() === '')
    await replica.close()
    await vi.advanceTimersByTimeAsync(KEPT_MS)
    expect(log).toEqual(['open room:1', 'close room:1'])
  })

  it('hands a wrong id to the error boundary', async () => {
    show(<Room id={'room:?' as `room:${string}`} />, { onUncaughtError: (error) => errors.push(error) })
    await expect.poll(() => String(errors[0]), QUICK).toMatch(/is no space id/)
  })
})

describe.each(['Dexie', 'memory'])('useQuery and useDocument over %s', (engine) => {
  beforeEach(async () => {
    if (engine === 'Dexie') return
    await replica.close()
    await open(memoryStorage())
  })
  const Texts = ({ starting }: { starting: string }) => {
    const { docs, isLoading, error } = useQuery(useSpace('room:1').messages.where({ text: startsWith(starting) }))
    return isLoading ? 'loading' : `[${docs.map(({ text }) => text).join(' ')}]${error ? ` (${error.message})` : ''}`
  }
  const One = () => useDocument(useSpace('room:1').messages.doc('m1')).doc?.text ?? 'none'
  const Newest = () => useSuspenseQuery(useSpace('room:1').messages.orderBy('$b', 'desc').limit(1))[0]?.text ?? 'none'

  it('render twice for a mount, once for a change, and not for a change of anything else', async () => {
    const room = replica.space('room:1')
    replica.pause()
    await room.mutate.send({ id: 'm0', text: 'apple' })
    const { renders } = show(<Texts starting="a" />)
    await shows('[apple]')
    expect(renders()).toBe(2)
    await room.mutate.send({ id: 'm1', text: 'banana' })
    await replica.space('room:2').mutate.send({ id: 'm2', text: 'apricot' })
    await drawn()
    expect(renders()).toBe(2)
    await room.mutate.send({ id: 'm3', text: 'avocado' })
    await shows('[apple avocado]')
    await drawn()
    expect(renders()).toBe(3)
  })

  it('render at most once a frame, however many commits there are', async () => {
    const room = replica.space('room:1')
    replica.pause()
    const { renders } = show(<Texts starting="a" />)
    await shows('[]')
    let frames = 0
    let isOver = false
    const count = () => {
      frames++
      if (!isOver) requestAnimationFrame(count)
    }
    requestAnimationFrame(count)
    const before = renders()
    await Promise.all(Array.from({ length: 50 }, (_, n) => room.mutate.send({ id: `m${n}`, text: `a${n}` })))
    await expect.poll(() => page?.text().split(' ').length, QUICK).toBe(50)
    isOver = true
    expect(renders() - before).toBeLessThanOrEqual(frames)
  })

  it('show a document, whether it is there or not, and what suspends', async () => {
    const room = replica.space('room:1')
    replica.pause()
    show(
      <StrictMode>
        <One />
        <Suspense>
          <Newest />
        </Suspense>
      </StrictMode>,
    )
    await shows('nonenone')
    await room.mutate.send({ id: 'm1', text: 'one' })
    await shows('oneone')
    await room.mutate.send({ id: 'm2', text: 'two' })
    await shows('onetwo')
    await room.mutate.patch({ c: 'messages', id: 'm1', set: { text: 'ONE' } })
    await shows('ONEtwo')
  })

  it('end in the error boundary, with what to do, where each render filters by another function', async () => {
    const room = replica.space('room:1')
    replica.pause()
    await room.mutate.send({ id: 'm1', text: 'one' })
    function Filtered() {
      const { docs, isLoading } = useQuery(useSpace('room:1').messages.filter(({ text }) => text !== ''))
      return isLoading ? 'loading' : docs.length
    }
    show(<Filtered />, { onUncaughtError: (error) => errors.push(error) })
    await expect.poll(() => String(errors[0]), { ...QUICK, timeout: 5_000 }).toMatch(/filter\(\) has to be the same/)
    page?.end()
    errors.length = 0
    function Suspending() {
      return useSuspenseQuery(useSpace('room:1').messages.filter(({ text }) => text !== '')).length
    }
    show(
      <Suspense>
        <Suspending />
      </Suspense>,
      { onUncaughtError: (error) => errors.push(error) },
    )
    await expect.poll(() => String(errors[0]), { ...QUICK, timeout: 30_000 }).toMatch(/filter\(\) has to be the same/)
    room.close()
  })

  it('say so when the replica is closed; one that is closed after its components are gone warns of nothing', async () => {
    const warned = vi.spyOn(console, 'warn')
    const { show: showAgain } = show(<Texts starting="a" />)
    await shows('[]')
    await replica.close()
    await shows('[] (The replica is closed: open it again.)')
    await open()
    showAgain(<Texts starting="a" />)
    await shows('[]')
    showAgain(null)
    await shows('')
    await replica.close()
    await drawn()
    expect(warned.mock.calls).toEqual([])
  })
})

describe('useStatus', () => {
  it('renders only where what is selected differs, objects by what is in them', async () => {
    const counts = { phase: 0, object: 0 }
    function Phase() {
      counts.phase++
      return useStatus(({ phase }) => phase)
    }
    function Counts() {
      counts.object++
      // Another function and another object in each render.
      const { pending, isLive } = useStatus((status) => ({ pending: status.pending, isLive: status.phase === 'live' }))
      return ` ${pending} ${isLive}`
    }
    const room = replica.space('room:1')
    await live()
    show(
      <>
        <Phase />
        <Counts />
      </>,
    )
    await shows('live 0 true')
    expect(counts).toEqual({ phase: 1, object: 1 })
    for (let n = 0; n < 3; n++) {
      server.commit('room:1')
      await expect.poll(() => statusNow().spaces['room:1']?.version, QUICK).toBe(n + 1)
      await drawn()
    }
    expect(counts).toEqual({ phase: 1, object: 1 })
    server.reachable = false
    server.cut()
    await expect.poll(() => page?.text(), QUICK).toMatch(/(waiting|connecting) 0 false/)
    await room.mutate.send({ id: 'm1', text: 'hi' })
    await expect.poll(() => page?.text(), QUICK).toMatch(/ 1 false/)
    expect(counts.object).toBe(3)
  })

  it('is all of it without a selector', async () => {
    const Whole = () => Object.keys(useStatus().spaces).join()
    replica.space('room:1')
    show(<Whole />)
    await shows('room:1')
  })
})

describe('usePending and useRefused', () => {
  const Lists = ({ of }: { of: string }) => {
    const pending = usePending(({ space }) => space === of)
    const refused = useRefused(({ space }) => space === of)
    return (
      <>
        {pending.map(({ n, args }) => (
          <i key={n}>{`${args.text} `}</i>
        ))}
        {refused.map(({ n, args, error, retry }) => (
          <button key={n} type="button" onClick={() => void retry()}>{`${args.text}: ${error.message}`}</button>
        ))}
      </>
    )
  }

  it('are what was written and not answered, and what was refused; what other spaces have renders nothing', async () => {
    const [one, two] = [replica.space('room:1'), replica.space('room:2')]
    await live()
    replica.pause()
    server.refuses = (n) => (n === 1 ? { code: 'rejected', message: 'not now' } : undefined)
    const { renders } = show(<Lists of="room:1" />)
    await one.mutate.send({ id: 'm1', text: 'hi' })
    await shows('hi ')
    const before = renders()
    await two.mutate.send({ id: 'm2', text: 'there' })
    await expect.poll(() => statusNow().pending, QUICK).toBe(2)
    await drawn()
    expect(renders()).toBe(before)
    replica.resume()
    await shows('hi: not now')
    document.querySelector('button')?.click()
    await shows('')
    expect(statusNow().refused).toBe(0)
  })
})

describe('useMutation', () => {
  let mutation: ReturnType<typeof useMutation<[{ id: string; text: string }]>>
  const states: string[] = []
  function Send() {
    mutation = useMutation(useSpace('room:1').mutate.send)
    const { state, error } = mutation
    const text = `${state}${error ? `: ${error.message}` : ''}`
    if (states.at(-1) !== text) states.push(text)
    return text
  }
  const runOf = () => mutation.run
  afterEach(() => void states.splice(0))

  it('tells what becomes of a run, saved, pending and confirmed, and runs by the same function', async () => {
    show(<Send />)
    await shows('idle')
    await live()
    const run = runOf()
    const sent = await run({ id: 'm1', text: 'hi' })
    expect(sent.durable).toBe(true)
    await shows('confirmed')
    expect(states).toEqual(['idle', 'saving', 'pending', 'confirmed'])
    expect([runOf() === run, mutation.sent?.n]).toEqual([true, 1])
    mutation.reset()
    await shows('idle')
  })

  it('fails where this device refuses, with nothing sent, and where the server does; no rejection goes unhandled', async () => {
    const unhandled: unknown[] = []
    const note = (event: PromiseRejectionEvent) => unhandled.push(event.reason)
    addEventListener('unhandledrejection', note)
    server.refuses = () => ({ code: 'rejected', message: 'not now' })
    show(<Send />)
    await shows('idle')
    void mutation.run({ id: 'm1', text: 'spam' })
    await shows('failed: no spam here')
    expect(mutation.sent).toBe(undefined)
    void mutation.run({ id: 'm1', text: 'hi' })
    await shows('failed: not now')
    expect(mutation.sent?.n).toBe(1)
    await drawn()
    removeEventListener('unhandledrejection', note)
    expect(unhandled).toEqual([])
  })

  it('shows the last run, and nothing of one whose component is gone', async () => {
    const { show: showAgain } = show(<Send />)
    await shows('idle')
    replica.pause()
    const first = mutation.run({ id: 'm1', text: 'one' })
    const second = mutation.run({ id: 'm2', text: 'two' })
    await Promise.all([first, second])
    await shows('pending')
    expect(mutation.sent?.n).toBe((await second).n)
    showAgain(null)
    await shows('')
    const before = states.length
    replica.resume()
    await (await second).confirmed
    await drawn()
    expect(states.length).toBe(before)
  })
})

describe('useObservable', () => {
  const Shown = ({ of }: { of: Parameters<typeof useObservable<string>>[0] }) => useObservable(of, 'none')

  it('shows what it said last, with one subscription for all components', async () => {
    const words$ = new BehaviorSubject('one')
    show(
      <>
        <Shown of={words$} />
        <Shown of={words$} />
      </>,
    )
    await shows('oneone')
    words$.next('two')
    await shows('twotwo')
    expect(words$.observed).toBe(true)
    page?.show(null)
    await shows('')
    await expect.poll(() => words$.observed, QUICK).toBe(false)
  })

  it('hands an error to the error boundary; shown again, it is subscribed to anew', async () => {
    let isBroken = true
    const stream$ = defer(() => (isBroken ? throwError(() => new Error('broken')) : of('whole')))
    show(<Shown of={stream$} />, { onUncaughtError: (error) => errors.push(error) })
    await expect.poll(() => String(errors[0]), QUICK).toBe('Error: broken')
    isBroken = false
    show(<Shown of={stream$} />)
    await shows('whole')
  })
})
