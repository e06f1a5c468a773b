import type { LaneBatch } from '@tidemark/client'
import type { LaneItem } from '@tidemark/shared'
import type { Comment } from '../../live.ts'

/** Comments that the list shows. */
export const HEARD_MAX = 50

/** What a page has heard of the lane, as far as it is shown in words. */
export interface Heard {
  /** The newest last. */
  readonly newest: readonly LaneItem<Comment>[]
  /** How many of the newest tick were more than it takes. */
  readonly cut: number
  /** What whoever runs the show said to all, last. */
  readonly announcement: string | undefined
}

export const NOTHING_HEARD: Heard = { newest: [], cut: 0, announcement: undefined }

export function heardAfter(heard: Heard, { items, cut, cleared }: LaneBatch<Comment>, ownAlone: boolean): Heard {
  const kept = cleared ? [] : heard.newest
  const announced = items.findLast(({ announcement }) => announcement === true)
  return {
    newest: [...kept, ...items].slice(-HEARD_MAX),
    // One's own echo is no tick.
    cut: ownAlone ? heard.cut : cut,
    announcement: announced?.body.text ?? (cleared ? undefined : heard.announcement),
  }
}
