import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Item } from './message-items.ts'

/** So near to the bottom counts as being there, in px. */
const AT_BOTTOM_PX = 48
/** Where below the top edge the first message in sight is looked for, in px: between two of them is a gap. */
const SIGHT_PX = [8, 24, 48, 80]

interface Anchor {
  readonly element: Element
  /** From the top of the scroller, in px. */
  readonly top: number
}

/**
 * Keeps a growing log where its reader is: at the bottom while they are there, else at the first message in sight, whatever
 * is put in above or below. `onFollow` is told when the reader reaches or leaves the bottom.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLElement | null>,
  log: RefObject<HTMLElement | null>,
  items: readonly Item[],
  onFollow: (atNewest: boolean) => void,
) {
  const atBottom = useRef(true)
  const anchor = useRef<Anchor>(undefined)
  const seen = useRef<readonly Item[]>([])
  const [unseen, setUnseen] = useState(0)

  const look = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    anchor.current = anchorOf(element)
    const now = element.scrollHeight - element.scrollTop - element.clientHeight < AT_BOTTOM_PX
    if (now) setUnseen(0)
    if (now !== atBottom.current) onFollow(now)
    atBottom.current = now
  }, [scroller, onFollow])

  const toBottom = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    element.scrollTop = element.scrollHeight
    look()
  }, [scroller, look])

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || seen.current === items) return
    const added = addedBelow(seen.current, items)
    seen.current = items
    const newest = added.at(-1)
    if (atBottom.current || (newest?.own && newest.state === 'pending')) return toBottom()
    if (anchor.current?.element.isConnected) {
      element.scrollTop += anchor.current.element.getBoundingClientRect().top - element.getBoundingClientRect().top - anchor.current.top
    }
    setUnseen((count) => count + added.length)
  }, [items, scroller, toBottom])

  useEffect(() => {
    const element = scroller.current
    const list = log.current
    if (element === null || list === null) return
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
  }, [scroller, log, look])

  return { unseen, toBottom }
}

function anchorOf(scroller: HTMLElement): Anchor | undefined {
  const { top, left, width } = scroller.getBoundingClientRect()
  const inSight = SIGHT_PX.map((below) => document.elementFromPoint(left + width / 2, top + below)?.closest('.message')).find(Boolean)
  // At the very top, above all messages, the oldest one is it.
  const element = inSight ?? scroller.querySelector('.message')
  return element ? { element, top: element.getBoundingClientRect().top - top } : undefined
}

/** Messages at the end of `after` that `before` did not have. */
function addedBelow(before: readonly Item[], after: readonly Item[]) {
  const known = new Set(before.map((item) => item.key))
  const added = []
  for (const item of after.toReversed()) {
    if (known.has(item.key)) break
    if (item.kind === 'message') added.unshift(item)
  }
  return added
}
