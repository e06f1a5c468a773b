import { Component, type ReactNode, StrictMode, Suspense, startTransition, useState } from 'react'
import type { RootOptions } from 'react-dom/client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeQuery, type Note } from '../testing/fake-query.ts'
import { drawn, type Mounted, mounted } from '../testing/mounted.ts'
import { SERVED_HTML, ServedPage, servedReplica } from '../testing/served-page.tsx'
import type { Asked } from './query-store.ts'
import { useSuspenseQuery } from './use-suspense-query.ts'

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
  vi.restoreAllMocks()
})
const place = () => document.body.appendChild(document.createElement('div'))
function show(element: ReactNode, options?: RootOptions): Mounted {
  page = mounted(place(), element, options)
  return page
}
/** What is seen: React hides what stood there before by its style. */
const seen = () => (document.body.lastElementChild as HTMLElement | null)?.innerText
const shows = (text: string) => expect.poll(seen, QUICK).toBe(text)
/** Past the 0.3 s for which React shows a fallback at least. */
async function suspended(): Promise<void> {
  await shows('waiting')
  pass(300)
}
let keys = 0
const ask = () => fakeQuery(`suspended ${keys++}`)

/** How often it was tried to render what suspends. */
let tries = 0
function Texts({ query }: { query: Asked<Note> }) {
  tries++
  const docs = useSuspenseQuery<Note>(Object.create(query))
  return <p>{docs.map(({ text }) => text).join(' ') || 'nothing'}</p>
}
const Waiting = ({ children }: { children: ReactNode }) => <Suspense fallback={<p>waiting</p>}>{children}</Suspense>

class Boundary extends Component<{ children: ReactNode }, { error?: Error | undefined }> {
  override state: { error?: Error | undefined } = {}
  static getDerivedStateFromError(error: Error) {
    return { error }
  }
  override render() {
    const { error } = this.state
    if (!error) return this.props.children
    return (
      <button type="button" onClick={() => this.setState({ error: undefined })}>
        {error.message}
      </button>
    )
  }
}

describe('useSuspenseQuery', () => {
  it.each(['plain', 'strict'])('suspends until the documents are there, asks once, and renders once for a change: %s', async (mode) => {
    const query = ask()
    const texts = (
      <Waiting>
        <Texts query={query} />
      </Waiting>
    )
    const { renders } = show(mode === 'strict' ? <StrictMode>{texts}</StrictMode> : texts)
    await suspended()
    await drawn()
    const triesBefore = tries
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(tries).toBe(triesBefore)
    query.tell('a')
    await shows('a')
    const before = renders()
    query.tell('a', 'b')
    await shows('a b')
    await drawn()
    expect([query.opened, query.open, renders() - before]).toEqual([1, 1, 1])
  })

  it('does not suspend where the same is watched already', async () => {
    const query = ask()
    query.tell('a')
    const { renders } = show(
      <Waiting>
        <Texts query={query} />
      </Waiting>,
    )
    await shows('a')
    expect(renders()).toBe(1)
  })

  it('many below one boundary are asked all at once, each once, and shown together', async () => {
    const queries = Array.from({ length: 300 }, ask)
    show(
      <Waiting>
        {queries.map((query) => (
          <Texts key={query.key} query={query} />
        ))}
      </Waiting>,
    )
    await expect.poll(() => queries.filter(({ open }) => open === 1).length, QUICK).toBe(300)
    for (const [at, query] of queries.entries()) {
      if (at % 100 === 0) await drawn()
      expect(seen()).toBe('waiting')
      query.tell('a')
    }
    await expect.poll(() => page?.text(), QUICK).toBe('a'.repeat(300))
    expect(queries.every(({ opened }) => opened === 1)).toBe(true)
  })

  it('keeps what is shown while a transition leads to another question', async () => {
    const [one, two] = [ask(), ask()]
    let change = (_: Asked<Note>) => {}
    function Changing() {
      const [query, setQuery] = useState<Asked<Note>>(one)
      change = setQuery
      return <Texts query={query} />
    }
    show(
      <Waiting>
        <Changing />
      </Waiting>,
    )
    await suspended()
    one.tell('a')
    await shows('a')
    startTransition(() => change(two))
    await expect.poll(() => two.open, QUICK).toBe(1)
    await drawn()
    expect(seen()).toBe('a')
    two.tell('b')
    await shows('b')
  })

  it('hands an error to the error boundary, once; tried again a second later it asks anew', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const query = ask()
    const caught: unknown[] = []
    show(
      <Boundary>
        <Waiting>
          <Texts query={query} />
        </Waiting>
      </Boundary>,
      { onCaughtError: (error) => caught.push(error) },
    )
    await suspended()
    query.fail(new Error('denied'))
    await shows('denied')
    pass(1_010)
    expect(query.opened).toBe(1)
    document.querySelector('button')?.click()
    await suspended()
    query.tell()
    await shows('nothing')
    expect([query.opened, query.open, caught.length]).toEqual([2, 1, 1])
  })
})

describe('a page that a server rendered', () => {
  it('is taken over without a mismatch, asks its questions once, and goes on as any other', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    const recovered: unknown[] = []
    const { replica, messages, newest, held } = servedReplica('hydrated')
    const container = place()
    container.innerHTML = SERVED_HTML
    page = mounted(container, <ServedPage replica={replica} />, { onRecoverableError: (error) => recovered.push(error) })
    const texts = () => Array.from(container.querySelectorAll('p'), (element) => element.textContent)
    await expect.poll(texts, QUICK).toEqual(['loading none live 1 0 idle 30', 'waiting'])
    await expect.poll(() => [messages.open, newest.open], QUICK).toEqual([1, 1])
    messages.tell('a', 'b')
    newest.tell('b')
    await expect.poll(texts, QUICK).toEqual(['2 a live 1 0 idle 30', 'b'])
    expect([messages.opened, newest.opened, held.size]).toEqual([1, 1, 1])
    // React's own word for what a server left to the page.
    expect(recovered.map(String)).toEqual([expect.stringMatching(/Switched to client rendering/)])
    expect(said.mock.calls).toEqual([])
  })
})
