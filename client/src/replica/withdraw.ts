import { TooLargeError } from '@tidemark/shared'
import { UNSETTLED_MUTATIONS_MAX } from './enqueue.ts'
import { replay, type Stage } from './replay.ts'
import type { Unit } from './unit.ts'

/** The app takes a pending mutation back. Its number stays, for the server counts them all, and what comes of it is the server's word. */
export async function withdraw(unit: Unit, stage: Stage, nonce: string): Promise<void> {
  const outbox = await unit.outbox()
  const row = outbox.find((row) => row.nonce === nonce)
  if (!row || row.in || row.void) return
  if (outbox.filter((row) => row.void).length >= UNSETTLED_MUTATIONS_MAX)
    throw new TooLargeError(`${UNSETTLED_MUTATIONS_MAX} mutations that were dismissed wait to be sent: connect first`)
  unit.set('outbox', row.n, { ...row, void: true, again: undefined, touched: [], arrived: [] })
  await unit.setSelf({ discarded: (await unit.self()).discarded + 1 })
  await replay(unit, stage, row.touched)
}
