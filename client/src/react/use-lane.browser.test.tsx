// What components show of a lane, and of who is there.
import type { LaneItem, LaneState, Presence } from '@tidemark/shared'
import { StrictMode } from 'react'
import { BehaviorSubject, Subject } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import type { Lane, LaneBatch } from '../lanes/lane-api.ts'
import { mounted } from '../testing/mounted.ts'
import { useLane } from './use-lane.ts'
import { usePresence } from './use-presence.ts'

/** How often it is looked, in ms. */
const QUICK = { interval: 5 }
const item = (id: string): LaneItem<string> => ({ id, by: 'bob', atMs: 0, body: id })

it('a component shows the newest items, whether the lane is stopped, and who is there, while it is mounted', async () => {
  const items$ = new Subject<LaneBatch<string>>()
  const state$ = new BehaviorSubject<LaneState | undefined>(undefined)
  const presence$ = new BehaviorSubject<Presence | undefined>(undefined)
  const lane: Lane<string> = {
    items$,
    state$,
    say: (body) => ({ item: item(body), accepted: Promise.resolve() }),
    playback: () => items$,
  }
  function Comments() {
    const { items, stopped, say } = useLane(lane, { newest: 2 })
    const online = usePresence({ presence$ })?.online ?? '?'
    return `${items.map(({ body }) => body).join(' ')} | ${stopped ? 'stopped' : 'open'} | ${online} | ${say === lane.say}`
  }
  const page = mounted(
    document.body.appendChild(document.createElement('div')),
    <StrictMode>
      <Comments />
    </StrictMode>,
  )
  onTestFinished(() => page.end())
  const shows = (text: string) => expect.poll(() => page.text(), QUICK).toBe(text)
  await shows(' | open | ? | true')
  await expect.poll(() => items$.observed, QUICK).toBe(true)
  items$.next({ items: ['a', 'b', 'c'].map(item), cut: 0, cleared: false, late: false })
  presence$.next({ online: 3 })
  await shows('b c | open | 3 | true')
  state$.next({ tickMs: 1000, cap: 100, stopped: true })
  await shows('b c | stopped | 3 | true')
  page.show(null)
  await expect.poll(() => [items$.observed, state$.observed, presence$.observed], QUICK).toEqual([false, false, false])
})
