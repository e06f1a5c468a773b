import { useEffect, useRef, useState } from 'react'

const COUNT_WITHIN_MS = 200

/** A number that counts up to its target, instead of jumping. Jumps where motion is not wanted, and downwards. */
export function useCounting(target: number): number {
  const [shown, setShown] = useState(target)
  const latest = useRef(target)

  useEffect(() => {
    const from = latest.current
    const show = (value: number) => {
      latest.current = value
      setShown(value)
    }
    if (target <= from + 1 || from === 0 || matchMedia('(prefers-reduced-motion: reduce)').matches) {
      show(target)
      return
    }
    let frame = 0
    let startMs: number | undefined
    const step = (nowMs: number) => {
      startMs ??= nowMs
      const done = Math.min(1, (nowMs - startMs) / COUNT_WITHIN_MS)
      show(Math.round(from + (target - from) * done))
      if (done < 1) frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [target])

  return shown
}
