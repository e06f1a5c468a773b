import { useEffect, useState } from 'react'

const TICK_MS = 1000

/** The time, refreshed every second while `ticking`; in ms since the epoch. */
export function useNowMs(ticking: boolean): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    if (!ticking) return
    setNowMs(Date.now())
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [ticking])
  return nowMs
}
