// Goal: however much is said in a lane, documents of the same space are written as before, and what is said comes to all with its tick. Method: the
// benchmark of lanes, small: a server process, real sockets, somebody who types documents meanwhile. It measures, so the best of three runs counts.
import { expect, it } from 'vitest'
import { lanes } from '../../bench/lanes.ts'
import { TINY } from '../../bench/scale.ts'

const SCALE =
  process.env.CI === undefined
    ? { viewers: 30, saysPerS: 500, cap: 100, seconds: 0.5 }
    : { viewers: 300, saysPerS: 500, cap: 100, seconds: 3 }
const ATTEMPTS = 3
/** Half of the mutations are acknowledged by then, in ms, on a machine that does other things, too. */
const ACK_MS_MAX = 100
/** A tick, and its way: 250 ms where nothing else runs. */
const TICK_MS_MAX = 1000 + 1000

it('500 says a second: mutations of the same space keep going, and 99 of 100 that are shown come within a tick and its way', async () => {
  for (let attempt = 1; ; attempt++) {
    const figures = await lanes({ ...TINY, lanes: SCALE })
    const ours = (unit: string) => figures.find((figure) => figure.unit === unit)?.measured[0]?.median ?? Number.NaN
    const [ackMs, tickMs] = [ours('ms from a mutation to its ack, half of them'), ours('ms from say to its tick, 99 of 100')]
    console.log(`attempt ${attempt}: half of the mutations within ${ackMs.toFixed(1)} ms, 99 of 100 items within ${tickMs} ms`)
    if (attempt < ATTEMPTS && !(ackMs < ACK_MS_MAX && tickMs < TICK_MS_MAX)) continue
    expect(ackMs).toBeLessThan(ACK_MS_MAX)
    expect(tickMs).toBeLessThan(TICK_MS_MAX)
    expect(figures[0]?.counted).toMatchObject({ arrivedPercent: 100 })
    return
  }
}, 120_000)
