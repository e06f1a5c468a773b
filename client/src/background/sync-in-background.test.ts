// Goal: a page asks the browser to wake the worker when it should, and goes on where the browser does not. Method: the browser is a double.
import { Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LifecycleEvent } from '../connection/hints.ts'
import type { Status } from '../replica-api.ts'
import { syncInBackground } from './sync-in-background.ts'

afterEach(() => vi.unstubAllGlobals())

describe('a page', () => {
  let asked: string[]
  let status$: Subject<Pick<Status, 'phase' | 'pending' | 'pauses'>>
  let live: (event: LifecycleEvent) => void
  const lifecycle = {
    inFront: () => true,
    onChange(listener: typeof live) {
      live = listener
      return () => {
        live = () => {}
      }
    },
  }
  const says = async (phase: Status['phase'], pending: number, pauses?: Status['pauses']) => {
    status$.next({ phase, pending, pauses })
    await new Promise((resolve) => setImmediate(resolve))
  }
  const tells = async (event: LifecycleEvent) => {
    live(event)
    await new Promise((resolve) => setImmediate(resolve))
  }
  beforeEach(() => {
    asked = []
    status$ = new Subject()
    const sync = { register: async (tag: string) => void asked.push(tag) }
    vi.stubGlobal('navigator', { serviceWorker: { ready: Promise.resolve({ sync }) } })
  })

  it('asks once while something is pending and the server cannot be reached, and again the next time', async () => {
    syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('waiting', 0)
    await says('connecting', 1)
    expect(asked).toEqual([])
    for (const phase of ['waiting', 'connecting', 'waiting', 'waiting'] as const) await says(phase, 2)
    expect(asked).toEqual(['tidemark:alice'])
    await says('live', 0)
    await says('waiting', 1)
    expect(asked).toHaveLength(2)
  })

  it('asks when it may go while something is pending', async () => {
    syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('live', 0)
    await tells('hide')
    await says('live', 1)
    await tells('show')
    await tells('touch')
    expect(asked).toEqual([])
    await tells('back')
    await tells('hide')
    expect(asked).toHaveLength(2)
  })

  it('asks for nothing where the app is switched offline', async () => {
    syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('offline', 3, ['app'])
    await tells('hide')
    expect(asked).toEqual([])
    await says('offline', 3, ['page'])
    await tells('hide')
    expect(asked).toHaveLength(1)
  })

  it('asks no more once it is ended, or the replica closed', async () => {
    const end = syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('live', 1)
    end()
    await tells('hide')
    await says('waiting', 1)
    syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('live', 1)
    status$.complete()
    await tells('hide')
    expect(asked).toEqual([])
  })

  const forbidden = () => Promise.reject(new Error('no'))
  it.each([
    ['no service worker', () => undefined],
    ['a worker without Background Sync', () => ({ ready: Promise.resolve({}) })],
    ['a browser that forbids it', () => ({ ready: Promise.resolve({ sync: { register: forbidden } }) })],
    ['no worker yet', () => ({ ready: new Promise(() => {}) })],
    ['a worker that fails', () => ({ ready: forbidden() })],
    [
      'a frame that may not ask for a worker',
      () => {
        throw new Error('SecurityError')
      },
    ],
  ])('goes on with %s', async (_, serviceWorker) => {
    vi.stubGlobal('navigator', {
      get serviceWorker() {
        return serviceWorker()
      },
    })
    syncInBackground({ user: 'alice', status$ }, lifecycle)
    await says('live', 0)
    await says('waiting', 1)
    await tells('hide')
  })
})
