import type { LaneItem } from '@tidemark/shared'
import { useMemo } from 'react'
import { Observable } from 'rxjs'
import type { Lane, Said } from '../lanes/lane-api.ts'
import { useObservable } from './use-observable.ts'

/** How many items a component is given, unless it says otherwise. */
const NEWEST = 200

/** A lane as a list shows it; something that draws each item once, such as a canvas, subscribes to `items$` itself. */
export interface LaneList<Body> {
  /** The newest, in the order in which they came. */
  readonly items: readonly LaneItem<Body>[]
  /** How many more were said since this component looks, and not shown to everybody. */
  readonly cut: number
  /** An admin has stopped it: nothing that is said is taken. */
  readonly stopped: boolean
  /** The lane's own: see `Lane.say`. */
  readonly say: (body: Body) => Said<Body>
}

interface Shown<Body> {
  readonly items: readonly LaneItem<Body>[]
  readonly cut: number
}
const NOTHING_SHOWN: Shown<never> = { items: [], cut: 0 }

/** The newest items of a lane, `newest` of them at most, followed while the component is mounted. Renders at most once a frame. */
export function useLane<Body>(lane: Lane<Body>, { newest = NEWEST }: { readonly newest?: number } = {}): LaneList<Body> {
  const shown$ = useMemo(() => newestOf(lane, newest), [lane, newest])
  const { items, cut } = useObservable<Shown<Body>>(shown$, NOTHING_SHOWN)
  const stopped = useObservable(lane.state$, undefined)?.stopped ?? false
  return useMemo(() => ({ items, cut, stopped, say: lane.say }), [items, cut, stopped, lane])
}

/** Each time all that is to be shown; what is cleared goes. */
export function newestOf<Body>({ items$ }: Pick<Lane<Body>, 'items$'>, newest: number): Observable<Shown<Body>> {
  return new Observable((subscriber) => {
    let shown: Shown<Body> = NOTHING_SHOWN
    return items$.subscribe({
      next({ items, cut, cleared }) {
        const before = cleared ? NOTHING_SHOWN : shown
        shown = { items: [...before.items, ...items].slice(-newest), cut: before.cut + cut }
        subscriber.next(shown)
      },
      complete: () => subscriber.complete(),
    })
  })
}
