import type { Lane } from '@tidemark/client'
import { useEffect, useRef } from 'react'
import type { Comment } from '../../live.ts'
import { Sky, type SkyText } from './flight/sky.ts'
import './danmu-sky.css'

/** Of what was said before one came, so many of the newest fly. */
const LATE_SHOWN_MAX = 60
/** How often the page is told what flies, in ms. */
const TOLD_EVERY_MS = 500

interface Props {
  readonly items$: Pick<Lane<Comment>['items$'], 'subscribe'>
  readonly user: string
  /** How long a tick is, in ms: its comments are spread over it. */
  readonly tickMs: number
}

/** Comments that fly by. For eyes alone: what else is told of them stands beside it. */
export function DanmuSky({ items$, user, tickMs }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const spreadMs = useRef(tickMs)
  useEffect(() => {
    spreadMs.current = tickMs
  }, [tickMs])

  useEffect(() => {
    const element = canvas.current
    if (element === null) return
    const sky = new Sky(element)
    const fit = () => sky.resize(element.clientWidth, element.clientHeight, devicePixelRatio)
    fit()
    const size = new ResizeObserver(fit)
    size.observe(element)
    const telling = setInterval(() => {
      const { flying, missed } = sky.counts
      element.dataset.flying = String(flying)
      element.dataset.missed = String(missed)
    }, TOLD_EVERY_MS)
    const following = items$.subscribe({
      next({ items, cleared, late }) {
        if (cleared) sky.clear()
        // What is announced stands before the sky.
        const flying = items.filter(({ announcement }) => announcement !== true)
        const shown = late ? flying.slice(-LATE_SHOWN_MAX) : flying
        const own = (by: string) => by === user && !late
        const texts = (mine: boolean): SkyText[] =>
          shown
            .filter(({ by }) => own(by) === mine)
            .map(({ body, by, count = 1 }) => ({
              text: count > 1 ? `${body.text} ×${count}` : body.text,
              color: body.color,
              own: by === user,
            }))
        sky.add(texts(true), 0)
        sky.add(texts(false), Math.max(spreadMs.current, 1))
      },
    })
    return () => {
      following.unsubscribe()
      clearInterval(telling)
      size.disconnect()
      sky.close()
    }
  }, [items$, user])

  return (
    <div className="danmu-sky" aria-hidden="true">
      <canvas ref={canvas} data-testid="sky" />
    </div>
  )
}
