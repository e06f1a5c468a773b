import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Item } from './message-items.ts'

/** So near to the bottom counts as being there, in px. */
const AT_BOTTOM_PX = 48

/** Keeps a growing log where its reader is: at the bottom while they are there, at the same message while they are not. */
export function useKeptPlace(scroller: RefObject<HTMLElement | null>, log: RefObject<HTMLElement | null>, items: readonly Item[]) {
  const atBottom = useRef(true)
  const heightBefore = useRef<number>(undefined)
  const seen = useRef<{ readonly count: number; readonly newest: string | undefined }>({ count: 0, newest: undefined })
  const [unseen, setUnseen] = useState(0)

  const toBottom = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    element.scrollTop = element.scrollHeight
    atBottom.current = true
    setUnseen(0)
  }, [scroller])

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    if (heightBefore.current !== undefined) {
      // Something was put in above: the same messages stay under the eyes.
      element.scrollTop += element.scrollHeight - heightBefore.current
      heightBefore.current = undefined
    } else {
      const newest = items.at(-1)
      const bubbles = items.filter((item) => item.kind === 'message').length
      const own = newest?.kind === 'message' && newest.own && newest.state === 'pending' && newest.key !== seen.current.newest
      if (atBottom.current || own) toBottom()
      else if (newest?.key !== seen.current.newest) setUnseen((count) => count + Math.max(1, bubbles - seen.current.count))
    }
    seen.current = { count: items.filter((item) => item.kind === 'message').length, newest: items.at(-1)?.key }
  }, [items, scroller, toBottom])

  useEffect(() => {
    const element = scroller.current
    const list = log.current
    if (element === null || list === null) return
    const look = () => {
      atBottom.current = element.scrollHeight - element.scrollTop - element.clientHeight < AT_BOTTOM_PX
      if (atBottom.current) setUnseen(0)
    }
    // The keyboard opens, the composer grows, a bubble unfolds: who was at the bottom stays there.
    const resized = new ResizeObserver(() => {
      if (atBottom.current) element.scrollTop = element.scrollHeight
    })
    element.addEventListener('scroll', look, { passive: true })
    resized.observe(element)
    resized.observe(list)
    return () => {
      element.removeEventListener('scroll', look)
      resized.disconnect()
    }
  }, [scroller, log])

  /** Call before older messages are put in above. */
  const keepPlace = useCallback(() => {
    heightBefore.current = scroller.current?.scrollHeight
  }, [scroller])

  return { unseen, toBottom, keepPlace }
}
