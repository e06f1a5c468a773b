import { type KeyboardEvent, type RefObject, useCallback } from 'react'

/** The arrow keys, Home and End move the focus along the links of a list, which is one stop of Tab. */
export function useArrowKeys(list: RefObject<HTMLElement | null>): (event: KeyboardEvent) => void {
  return useCallback(
    (event: KeyboardEvent) => {
      const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])]
      const at = links.indexOf(document.activeElement as HTMLElement)
      if (at < 0) return
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 }[event.key]
      if (to === undefined) return
      event.preventDefault()
      links[Math.min(Math.max(to, 0), links.length - 1)]?.focus()
    },
    [list],
  )
}
