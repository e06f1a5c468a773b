import type { LaneState } from '@tidemark/shared'
import { useEffect, useState } from 'react'
import { useReplica } from '../replica/hooks.ts'
import { openLane } from '../replica/live-lane.ts'
import { afterBatch, EMPTY_VIEW, type LaneView } from './lane-view.ts'

interface LiveView extends LaneView {
  /** When it was first looked at, in ms since the epoch. */
  readonly beganMs: number
  /** How it runs, as the server says; undefined until it has. */
  readonly state: LaneState | undefined
}

/** What comes of a lane while this is mounted. `held`: what is shown stands still, and what comes meanwhile is shown afterwards. */
export function useLaneView(space: string, lane: string, held: boolean): LiveView {
  const replica = useReplica()
  const [view, setView] = useState(EMPTY_VIEW)
  const [shown, setShown] = useState(EMPTY_VIEW)
  const [state, setState] = useState<LaneState>()
  const [beganMs] = useState(() => Date.now())

  useEffect(() => {
    const opened = openLane(replica, space, lane)
    const items = opened.lane.items$.subscribe((batch) => setView((before) => afterBatch(before, batch, Date.now())))
    const states = opened.lane.state$.subscribe(setState)
    return () => {
      items.unsubscribe()
      states.unsubscribe()
      opened.close()
      setView(EMPTY_VIEW)
      setState(undefined)
    }
  }, [replica, space, lane])

  useEffect(() => {
    if (!held) setShown(view)
  }, [view, held])

  return { items: shown.items, said: view.said, state, beganMs }
}
