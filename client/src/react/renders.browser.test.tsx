// What hooks render, and how often, counted by React's own Profiler. The queries here are told their results by hand.
import { type ReactNode, StrictMode } from 'react'
import type { RootOptions } from 'react-dom/client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeQuery, type Note } from '../testing/fake-query.ts'
import { drawn, type Mounted, mounted } from '../testing/mounted.ts'
import { KEPT_MS } from './kept.ts'
import type { Asked } from './query-store.ts'
import { useDocument } from './use-document.ts'
import { type Nothing, useQuery } from './use-query.ts'

/** How often it is looked, in ms. */
const QUICK = { interval: 5 }

/** Lets time pass by the clock that measures durations, which never goes back: React has read it, too. */
function pass(ms: number): void {
  aheadMs += ms
}
let aheadMs = 0
const now = performance.now.bind(performance)
performance.now = () => now() + aheadMs

let page: Mounted | undefined
afterEach(() => {
  page?.end()
  page = undefined
  vi.useRealTimers()
})
const place = () => document.body.appendChild(document.createElement('div'))
function show(element: ReactNode, options?: RootOptions): Mounted {
  page = mounted(place(), element, options)
  return page
}
const shows = (text: string) => expect.poll(() => page?.text(), QUICK).toBe(text)
let keys = 0
/** No two tests ask the same question. */
const ask = () => fakeQuery(`question ${keys++}`)

function Notes({ query, other }: { query: Asked<Note> | Nothing; other?: string }) {
  // Made anew in every render, as `room.messages.where({…})` is.
  const { docs, isLoading, error } = useQuery<Note>(query && Object.create(query))
  return `${isLoading ? 'loading' : docs.map(({ text }) => text).join(' ')}${error ? ` (${error.message})` : ''}${other ?? ''}`
}

describe('useQuery', () => {
  it('renders twice for a mount: loading, and the documents', async () => {
    const query = ask()
    const { renders } = show(<Notes query={query} />)
    await shows('loading')
    await expect.poll(() => query.open, QUICK).toBe(1)
    query.tell('a', 'b')
    await shows('a b')
    expect(renders()).toBe(2)
  })

  it('renders once where the same is watched already, by a component or by anything else', async () => {
    const query = ask()
    query.tell('a')
    const { renders } = show(<Notes query={query} />)
    await shows('a')
    await drawn()
    expect(renders()).toBe(1)
    const other = mounted(place(), <Notes query={query} />)
    await expect.poll(other.text, QUICK).toBe('a')
    await drawn()
    expect([other.renders(), query.opened]).toEqual([1, 1])
    other.end()
  })

  it('asks once, however often it renders and in StrictMode, and not again when it comes back soon', async () => {
    const query = ask()
    const { show: showAgain } = show(
      <StrictMode>
        <Notes query={query} />
      </StrictMode>,
    )
    await expect.poll(() => query.open, QUICK).toBe(1)
    query.tell('a')
    await shows('a')
    for (const other of ['1', '2', '3']) {
      showAgain(
        <StrictMode>
          <Notes query={query} other={other} />
        </StrictMode>,
      )
      await shows(`a${other}`)
    }
    showAgain(null)
    await shows('')
    showAgain(<Notes query={query} />)
    await shows('a')
    expect([query.opened, query.open]).toEqual([1, 1])
  })

  it('is no longer watched a while after the last component is gone', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const query = ask()
    const { end } = show(<Notes query={query} />)
    await vi.waitUntil(() => query.open === 1)
    end()
    await vi.advanceTimersByTimeAsync(KEPT_MS - 1)
    expect(query.open).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(query.open).toBe(0)
  })

  it('renders once for a change, and not for a result that is the same', async () => {
    const query = ask()
    query.tell('a')
    const { renders } = show(<Notes query={query} />)
    await shows('a')
    query.tell('a', 'b')
    await shows('a b')
    expect(renders()).toBe(2)
    query.tell('a', 'b')
    await drawn()
    expect(renders()).toBe(2)
  })

  it('renders once for 50 changes within a frame, with the last of them', async () => {
    const query = ask()
    query.tell('0')
    const { renders } = show(<Notes query={query} />)
    await shows('0')
    await drawn()
    for (let n = 1; n <= 50; n++) {
      query.tell(`${n}`)
      await Promise.resolve()
    }
    await shows('50')
    await drawn()
    expect(renders()).toBe(2)
  })

  it('renders once for changes of several questions within a frame', async () => {
    const [one, two] = [ask(), ask()]
    one.tell('a')
    two.tell('b')
    const { renders } = show(
      <>
        <Notes query={one} />
        <Notes query={two} />
      </>,
    )
    await shows('ab')
    await drawn()
    one.tell('A')
    await Promise.resolve()
    two.tell('B')
    await shows('AB')
    expect(renders()).toBe(2)
  })

  it('loads again for another question, and asks nothing while there is none', async () => {
    const [one, two] = [ask(), ask()]
    const { show: showAgain, renders } = show(<Notes query={undefined} other="nothing" />)
    await shows('nothing')
    expect(renders()).toBe(1)
    showAgain(<Notes query={one} />)
    await shows('loading')
    one.tell('a')
    await shows('a')
    showAgain(<Notes query={two} />)
    await shows('loading')
    two.tell('b')
    await shows('b')
    showAgain(<Notes query={false} />)
    await shows('')
  })

  it('says why nothing comes any more beside what came last, and asks anew a second later', async () => {
    const query = ask()
    query.tell('a')
    const { show: showAgain } = show(<Notes query={query} />)
    await expect.poll(() => query.open, QUICK).toBe(1)
    query.fail(new Error('closed'))
    await shows('a (closed)')
    showAgain(null)
    await shows('')
    pass(1_010)
    showAgain(<Notes query={query} />)
    await shows('a')
    await expect.poll(() => query.opened, QUICK).toBe(2)
  })

  it('that is asked something else by each of its own renders ends in the error boundary, with what to do', async () => {
    function Changing() {
      const query = ask()
      query.tell(query.key)
      return <Notes query={{ ...query, watch: (listener) => watchLate(query, listener), current: undefined }} />
    }
    function watchLate(query: Asked<Note>, listener: Parameters<Asked<Note>['watch']>[0]) {
      void Promise.resolve().then(() => {
        listener.onChange({ id: 0, type: 'init', docs: [], docChanges: [] })
        page?.show(<Changing />)
      })
      return query.watch(listener)
    }
    const errors: unknown[] = []
    show(<Changing />, { onUncaughtError: (error) => errors.push(error) })
    await expect.poll(() => String(errors[0]), QUICK).toMatch(/filter\(\) has to be the same/)
  })
})

describe('useDocument', () => {
  function One({ query }: { query: ReturnType<typeof ask> | undefined }) {
    const { doc, isLoading } = useDocument(query && { query: query as never })
    return isLoading ? 'loading' : ((doc as Note | undefined)?.text ?? 'none')
  }

  it('is the document, or none, in as many renders as a query', async () => {
    const query = ask()
    const { renders, show: showAgain } = show(<One query={query} />)
    await shows('loading')
    query.tell()
    await shows('none')
    query.tell('a')
    await shows('a')
    expect(renders()).toBe(3)
    showAgain(<One query={undefined} />)
    await shows('none')
  })
})
