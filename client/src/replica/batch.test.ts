// What is sent next: read from the outbox without reading all of it.
import type { Mutation } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { nextBatch } from './batch.ts'
import { memoryStorage } from './memory-storage.ts'
import { type OutboxRow, SELF } from './rows.ts'
import type { StorageRead } from './storage.ts'

const nonceOf = (n: number) => n.toString(16).padStart(16, '0')
const row = (n: number, done = false): OutboxRow => ({
  ...({ n, nonce: nonceOf(n), space: 'room:1', name: 'send', args: {}, madeMs: 1 } satisfies Mutation),
  touched: ['room:1'],
  arrived: [],
  ...(done && { in: {} }),
})
/** The numbers and footing of the first batch, and how many rows it took to find it. */
async function first(rows: readonly OutboxRow[], bounds = { mutationsMax: 10, bytesMax: 1e6 }) {
  const storage = memoryStorage()
  const self = { id: SELF, client: 'c_AAAAAAAAAAAAAAAAAAAAAA', n: rows.at(-1)?.n }
  const writes = [
    { table: 'outbox', put: rows },
    { table: 'self', put: [self] },
  ]
  await storage.write(['self', 'outbox'], 'strict', async () => ({ result: undefined, writes }))
  let read = 0
  const batch = await storage.read(['self', 'outbox', 'tail'], (tx) => {
    const list: StorageRead['list'] = async (...of) => {
      const found = await tx.list(...of)
      read += found.length
      return found
    }
    return nextBatch({ ...tx, list }, bounds)
  })
  return { on: batch?.on, numbers: batch?.mutations.map(({ n }) => n), read }
}
const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at)

describe('the first pending mutations', () => {
  it('are found without reading thousands that come after them', async () => {
    const found = await first(numbers(1, 3000).map((n) => row(n)))
    expect(found.numbers).toEqual(numbers(1, 10))
    expect(found.read).toBeLessThanOrEqual(100)
  })

  it('come after whatever is done and still shown, and stand on the last of it', async () => {
    expect(await first(numbers(1, 260).map((n) => row(n, n <= 250)))).toMatchObject({ numbers: numbers(251, 260), on: nonceOf(250) })
    expect(await first(numbers(1, 300).map((n) => row(n, true)))).toMatchObject({ numbers: undefined })
  })

  it('end where a number is missing', async () => {
    expect(await first([row(1), row(2), row(4)])).toMatchObject({ numbers: [1, 2], on: '' })
  })
})
