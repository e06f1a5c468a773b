// Goal: each event of a browser is told as what it means to a connection, and no other.
// Method: fake targets in the place of the globals, which the module looks for when it is loaded.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LifecycleEvent } from '../connection/hints.ts'
import { UNTOUCHED_MS } from './page-hints.ts'

class FakePage extends EventTarget {
  visibilityState = 'visible'
}
class FakeConnection extends EventTarget {
  type: string | undefined = 'wifi'
}

let page: FakePage
let frame: EventTarget
let connection: FakeConnection
beforeEach(() => {
  page = new FakePage()
  frame = new EventTarget()
  connection = new FakeConnection()
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const loaded = async () => {
  vi.resetModules()
  return await import('./page-hints.ts')
}
const withPage = () => {
  vi.stubGlobal('document', page)
  vi.stubGlobal('window', frame)
  vi.stubGlobal('navigator', { connection })
  return loaded()
}
const tell = (type: string) => void (['freeze', 'resume', 'visibilitychange'].includes(type) ? page : frame).dispatchEvent(new Event(type))
const turn = (visibilityState: string) => {
  page.visibilityState = visibilityState
  tell('visibilitychange')
}

describe('the life of a page', () => {
  let heard: LifecycleEvent[]
  let end: () => void
  let inFront: () => boolean
  beforeEach(async () => {
    heard = []
    const { pageLifecycle } = await withPage()
    inFront = pageLifecycle.inFront
    end = pageLifecycle.onChange((event) => heard.push(event))
  })

  it('another tab is looked at: back, and show when this one is again', () => {
    turn('hidden')
    expect(inFront()).toBe(false)
    turn('visible')
    expect(inFront()).toBe(true)
    expect(heard).toEqual(['back', 'show'])
  })

  it('the page is left for the back/forward cache: hide, whatever the browser tells of it after that, and show when it is back', () => {
    tell('pagehide')
    turn('hidden')
    tell('freeze')
    expect(heard).toEqual(['hide', 'hide'])
    tell('resume')
    turn('visible')
    tell('pageshow')
    expect(heard).toEqual(['hide', 'hide', 'back', 'show', 'show'])
  })

  it('frozen in the background: hide; thawed there: back', () => {
    turn('hidden')
    tell('freeze')
    tell('resume')
    turn('hidden')
    expect(heard).toEqual(['back', 'hide', 'back', 'back'])
  })

  it('a touch is told when there was none for 30 s', () => {
    tell('pointerdown')
    vi.advanceTimersByTime(UNTOUCHED_MS - 1)
    tell('keydown')
    vi.advanceTimersByTime(UNTOUCHED_MS - 1)
    tell('pointerdown')
    expect(heard).toEqual(['touch'])
    vi.advanceTimersByTime(UNTOUCHED_MS)
    tell('keydown')
    expect(heard).toEqual(['touch', 'touch'])
  })

  it('a clock that was set back silences no touch', () => {
    tell('pointerdown')
    vi.setSystemTime(Date.now() - 3_600_000)
    tell('pointerdown')
    tell('pointerdown')
    expect(heard).toEqual(['touch', 'touch'])
  })

  it('who touches a page sees it, whatever was told of it', () => {
    tell('pointerdown')
    tell('pagehide')
    tell('pointerdown')
    expect(heard).toEqual(['touch', 'hide', 'touch'])
  })

  it('a touch is heard before the app can stop it, and holds up no scrolling', async () => {
    const add = vi.spyOn(frame, 'addEventListener')
    const { pageLifecycle } = await loaded()
    pageLifecycle.onChange(() => {})()
    const how = add.mock.calls.flatMap(([type, , how]) => (type === 'pointerdown' || type === 'keydown' ? [how] : []))
    expect(how).toMatchObject([
      { capture: true, passive: true },
      { capture: true, passive: true },
    ])
  })

  it('once it is ended nothing is told', () => {
    end()
    for (const type of ['pageshow', 'pagehide', 'pointerdown', 'keydown', 'freeze', 'resume', 'visibilitychange']) tell(type)
    expect(heard).toEqual([])
  })
})

describe('the network of a browser', () => {
  it('a change is told, with the kind where the browser knows it', async () => {
    const { browserNetwork } = await withPage()
    const kinds: string[] = []
    const end = browserNetwork.onChange(() => kinds.push(browserNetwork.kind()))
    tell('online')
    connection.type = 'cellular'
    connection.dispatchEvent(new Event('change'))
    connection.type = 'bluetooth'
    connection.dispatchEvent(new Event('change'))
    connection.type = undefined
    tell('offline')
    end()
    tell('online')
    connection.dispatchEvent(new Event('change'))
    expect(kinds).toEqual(['wifi', 'cellular', 'unknown', 'unknown'])
  })

  it('a worker has no page: it counts as in front, and nothing is ever told', async () => {
    for (const name of ['document', 'window', 'navigator']) vi.stubGlobal(name, undefined)
    const { browserNetwork, pageLifecycle } = await loaded()
    expect(browserNetwork.kind()).toBe('unknown')
    expect(pageLifecycle.inFront()).toBe(true)
    pageLifecycle.onChange(() => {})()
    browserNetwork.onChange(() => {})()
  })
})
