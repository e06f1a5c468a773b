// Goal: an ack leaves after its commit was flushed, not before (P3). Method: the system calls of the real server, as strace tells them with
// their times, beside the times at which mutations were sent and acknowledged here; both from the clock of this machine.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { freePort, startServer } from '../harness/server-process.ts'
import { connectPeer } from '../harness/wire-peer.ts'

const MUTATIONS = 20
const mayTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

const folder = await mkdtemp(join(tmpdir(), 'tidemark-flushed-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** `1763712000.123456 fdatasync(21</data/tidemark.db-wal>) = 0 <0.000700>`, behind the number of its process. */
const FLUSH = /^\d+ +(\d+\.\d+) f(?:data)?sync\(\d+<[^>]*tidemark\.db-wal>\) = 0 <(\d+\.\d+)>$/

it.skipIf(!mayTrace)('[P3] between each mutation and its ack the log is written, then flushed [needs strace]', async () => {
  const told = join(folder, 'calls')
  const within = ['strace', '-D', '-f', '-y', '-ttt', '-T', '-e', 'trace=fsync,fdatasync', '-o', told]
  const server = await startServer({ data: join(folder, 'data'), port: await freePort(), within })
  const peer = await connectPeer(server.url, 'alice')
  const spans: { sentS: number; ackedS: number }[] = []
  for (let n = 0; n < MUTATIONS; n++) {
    const sentS = Date.now() / 1000
    await peer.mutate('room:a', 'send', { id: `m${n}`, text: 'x' })
    // One ms each way, for a clock read in whole ones.
    spans.push({ sentS: sentS - 0.001, ackedS: Date.now() / 1000 + 0.001 })
  }
  peer.close()
  await server.end('SIGTERM')
  const flushes = readFileSync(told, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, beganS, tookS] = FLUSH.exec(line) ?? []
      return beganS === undefined ? [] : [{ beganS: Number(beganS), endedS: Number(beganS) + Number(tookS) }]
    })
  const unflushed = spans.filter(({ sentS, ackedS }) => !flushes.some(({ beganS, endedS }) => beganS >= sentS && endedS <= ackedS))
  expect(flushes.length).toBeGreaterThanOrEqual(MUTATIONS)
  expect(unflushed).toEqual([])
})
