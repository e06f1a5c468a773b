import type { Lane } from '@tidemark/client'
import { useEffect, useState } from 'react'
import type { Comment } from '../../live.ts'
import { type Heard, heardAfter, NOTHING_HEARD } from './heard.ts'

/** What the lane brought, while the page is there. `user`: whose own come at once, apart from ticks. */
export function useHeard(lane: Lane<Comment>, user: string): Heard {
  const [heard, setHeard] = useState(NOTHING_HEARD)
  useEffect(() => {
    const following = lane.items$.subscribe((batch) => {
      const ownAlone = batch.items.length > 0 && batch.cut === 0 && batch.items.every(({ by }) => by === user)
      setHeard((before) => heardAfter(before, batch, ownAlone))
    })
    return () => {
      following.unsubscribe()
      setHeard(NOTHING_HEARD)
    }
  }, [lane, user])
  return heard
}
