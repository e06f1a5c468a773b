import { readFileSync } from 'node:fs'

/** CPU time that a process has used, of all its threads, in ms, by tens. Source: proc_pid_stat(5), in ticks of 10 ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
