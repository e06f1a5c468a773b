import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Observed } from './observed.ts'
import { sameValue } from './same-value.ts'

/** What is selected of a stream that says its present to whoever subscribes. Renders only where that differs. */
export function useSelected<V, T>(source: Observed<V>, initial: V, select: (value: V) => T): T {
  const last = useRef<{ readonly value: T }>(undefined)
  const read = useMemo(() => {
    let from: { readonly value: V; readonly to: T } | undefined
    return (value: V): T => {
      if (from && Object.is(from.value, value)) return from.to
      const to = select(value)
      const before = from ? { value: from.to } : last.current
      from = { value, to: before && sameValue(before.value, to) ? before.value : to }
      return from.to
    }
  }, [select])
  const selected = useSyncExternalStore(
    source.subscribe,
    () => read(source.present(initial)),
    () => read(initial),
  )
  useEffect(() => {
    last.current = { value: selected }
  }, [selected])
  return selected
}
