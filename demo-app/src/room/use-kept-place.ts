import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Bubble, Item } from './message-items.ts'

/** So near to the bottom counts as being there, in px. */
const AT_BOTTOM_PX = 48
/** Above the first unread message stays so much of what was read, in px. */
const READ_ABOVE_PX = 96
/** Where below the top edge the first message in sight is looked for, in px: between two of them is a gap. */
const SIGHT_PX = [8, 24, 48, 80]

interface Anchor {
  readonly element: Element
  /** From the top of the scroller, in px. */
  readonly top: number
}

/**
 * Keeps a growing log where its reader is: at the bottom while they are there, else at the first message in sight, whatever
 * is put in above or below. It opens at the first unread message, or else at the bottom. `onFollow` is told where the reader
 * stands once it is open, and when they reach or leave the bottom.
 */
export function useKeptPlace(
  scroller: RefObject<HTMLElement | null>,
  log: RefObject<HTMLElement | null>,
  items: readonly Item[],
  onFollow: (atNewest: boolean) => void,
) {
  const atBottom = useRef<boolean>(undefined)
  const anchor = useRef<Anchor>(undefined)
  /** Where the scroller was put last to keep the place, in px. */
  const restoredTo = useRef<number>(undefined)
  const seen = useRef<readonly Item[]>(undefined)
  const [unseen, setUnseen] = useState(0)
  const [far, setFar] = useState(false)
  const [added, setAdded] = useState<readonly Bubble[]>([])

  const look = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    // Where the reader put it; a place that was only restored is still theirs.
    if (element.scrollTop !== restoredTo.current) anchor.current = anchorOf(element)
    const below = element.scrollHeight - element.scrollTop - element.clientHeight
    const now = below < AT_BOTTOM_PX
    if (now) setUnseen(0)
    setFar(below > element.clientHeight)
    if (now !== atBottom.current) onFollow(now)
    atBottom.current = now
  }, [scroller, onFollow])

  const toBottom = useCallback(() => {
    const element = scroller.current
    if (element === null) return
    element.scrollTop = element.scrollHeight
    look()
  }, [scroller, look])

  const stay = useCallback(() => {
    const element = scroller.current
    const held = anchor.current
    if (element === null) return
    if (atBottom.current) element.scrollTop = element.scrollHeight
    else if (held?.element.isConnected) element.scrollTop += topIn(element, held.element) - held.top
    restoredTo.current = element.scrollTop
  }, [scroller])

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null || seen.current === items) return
    const before = seen.current
    seen.current = items
    if (before === undefined) {
      const unread = element.querySelector('[data-unread]')
      if (unread === null) return toBottom()
      element.scrollTop += topIn(element, unread) - READ_ABOVE_PX
      setUnseen(items.length - items.findIndex(({ kind }) => kind === 'unread') - 1)
      return look()
    }
    const news = addedBelow(before, items)
    const newest = news.at(-1)
    if (news.length > 0) setAdded(news)
    if (newest?.own && newest.state === 'pending') return toBottom()
    stay()
    if (!atBottom.current) setUnseen((count) => count + news.length)
  }, [items, scroller, toBottom, stay, look])

  useEffect(() => {
    const element = scroller.current
    const list = log.current
    if (element === null || list === null) return
    // The keyboard opens, the composer grows, a bubble unfolds or is drawn for the first time: the place stays.
    const resized = new ResizeObserver(stay)
    element.addEventListener('scroll', look, { passive: true })
    resized.observe(element)
    resized.observe(list)
    return () => {
      element.removeEventListener('scroll', look)
      resized.disconnect()
    }
  }, [scroller, log, look, stay])

  return { unseen, far, added, toBottom }
}

function topIn(scroller: Element, element: Element): number {
  return element.getBoundingClientRect().top - scroller.getBoundingClientRect().top
}

function anchorOf(scroller: HTMLElement): Anchor | undefined {
  const { top, left, width } = scroller.getBoundingClientRect()
  const inSight = SIGHT_PX.map((below) => document.elementFromPoint(left + width / 2, top + below)?.closest('.message')).find(Boolean)
  // At the very top, above all messages, the oldest one is it.
  const element = inSight ?? scroller.querySelector('.message')
  return element ? { element, top: topIn(scroller, element) } : undefined
}

/** Messages at the end of `after` that `before` did not have. */
function addedBelow(before: readonly Item[], after: readonly Item[]): Bubble[] {
  const known = new Set(before.map((item) => item.key))
  const added = []
  for (const item of after.toReversed()) {
    if (known.has(item.key)) break
    if (item.kind === 'message') added.unshift(item)
  }
  return added
}
