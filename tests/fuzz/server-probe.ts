// Loaded into the server's process before anything else (node --import): nothing may write to Object.prototype, and whoever sends
// SIGUSR2 is told, as a line of its error output, how long the event loop stood still at most since the last time, and what the heap holds.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

Object.freeze(Object.prototype)

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const EVERY_MS = 5
let stall = { wallMs: 0, cpuMs: 0 }
let atMs = performance.now()
let cpu = process.threadCpuUsage()

/** A machine that gives its time to others stalls us too: what this thread worked in the meantime is what it did itself. */
function look(): void {
  const nowMs = performance.now()
  const used = process.threadCpuUsage(cpu)
  stall = {
    wallMs: Math.max(stall.wallMs, nowMs - atMs - EVERY_MS),
    cpuMs: Math.max(stall.cpuMs, (used.user + used.system) / 1000),
  }
  atMs = nowMs
  cpu = process.threadCpuUsage()
}
setInterval(look, EVERY_MS).unref()

process.on('SIGUSR2', () => {
  const { wallMs, cpuMs } = stall
  for (let time = 0; time < 3; time++) collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.stderr.write(`probe ${JSON.stringify({ wallMs, cpuMs, heapBytes: heapUsed + external, rssBytes: rss })}\n`)
  // The collection is ours, not the server's.
  stall = { wallMs: 0, cpuMs: 0 }
  atMs = performance.now()
  cpu = process.threadCpuUsage()
})
