// Goal: a component is given the newest of a lane, and never more than it asked for.
import { Subject } from 'rxjs'
import { expect, it } from 'vitest'
import type { LaneBatch } from '../lanes/lane-api.ts'
import { newestOf } from './use-lane.ts'

const batch = (ids: readonly string[], more: Partial<LaneBatch<string>> = {}): LaneBatch<string> => ({
  items: ids.map((id) => ({ id, by: 'bob', atMs: 0, body: id })),
  cut: 0,
  cleared: false,
  late: false,
  ...more,
})

it('the newest items are kept, what is cleared goes, and what was cut is counted', () => {
  const items$ = new Subject<LaneBatch<string>>()
  const told: string[] = []
  const subscription = newestOf({ items$ }, 3).subscribe(({ items, cut }) => told.push(`${items.map(({ id }) => id).join('')} ${cut}`))
  items$.next(batch(['a', 'b']))
  items$.next(batch(['c', 'd'], { cut: 5 }))
  items$.next(batch(['e'], { cleared: true, cut: 1 }))
  items$.next(batch([], { cut: 2 }))
  expect(told).toEqual(['ab 0', 'bcd 5', 'e 1', 'e 3'])
  subscription.unsubscribe()
  expect(items$.observed).toBe(false)
})
