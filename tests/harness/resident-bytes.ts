import { execFileSync } from 'node:child_process'

/** What a process holds of the machine's memory now, in bytes. */
export function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024
}

/** Looks at a process every `everyMs` until stopped; returns the most that it held. */
export function watchMemory(pid: number, everyMs = 250): () => number {
  let most = residentBytes(pid)
  const timer = setInterval(() => {
    most = Math.max(most, residentBytes(pid))
  }, everyMs)
  return () => {
    clearInterval(timer)
    return Math.max(most, residentBytes(pid))
  }
}
