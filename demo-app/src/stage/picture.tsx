import { useQuery } from '@tidemark/client/react'
import { STAGE } from '../../live.ts'
import { useSpace } from '../replica/hooks.ts'
import { timeOf } from '../room/time-words.ts'
import { useWords } from '../words/words.ts'

interface Props {
  /** The programme has not come yet. */
  readonly isReading: boolean
  /** Comments of the newest tick that were more than it takes. */
  readonly cut: number
}

/** The stage itself: water, and what is on, else what comes. */
export function Picture({ isReading, cut }: Props) {
  const words = useWords()
  const stage = useSpace(STAGE)
  const { docs: items } = useQuery(stage.programme.orderBy('startsAtMs', 'asc'))
  const now = items.find(({ state }) => state === 'now')
  const shown = now ?? items.find(({ state }) => state === 'next')
  const kicker = now !== undefined ? words.stage.now : shown && words.stage.nextAt(timeOf(shown.startsAtMs, words))
  return (
    <>
      <svg className="stage-water" viewBox="0 0 400 120" preserveAspectRatio="none" aria-hidden="true">
        <path d="M0 40q50-14 100 0t100 0 100 0 100 0v80H0z" />
        <path d="M0 70q50-12 100 0t100 0 100 0 100 0v50H0z" />
      </svg>
      <div className="stage-on" role="status" aria-busy={isReading} data-testid="on">
        <p className="stage-kicker">{kicker ?? (isReading ? words.stage.reading : words.stage.nothingOn)}</p>
        {shown !== undefined && <p className="stage-title">{shown.title}</p>}
        {cut > 0 && <p className="stage-cut digits">{words.stage.cut(cut)}</p>}
      </div>
    </>
  )
}
