import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../replica/memory-storage.ts'
import { openCore } from '../replica/model/open-core.ts'
import { chatApp } from '../testing/chat-app.ts'
import { countRows, DOCUMENTS_COUNTED_MAX, ROWS_READ_MAX } from './count-rows.ts'

const missing = () => {
  throw new Error('no database')
}

describe('rows', () => {
  it('are counted table by table, where there is no database by reading so many at most', async () => {
    const storage = memoryStorage()
    const { core } = await openCore({ storage })
    await core.mutate('room:1', 'put', { c: 'messages', id: 'm', doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })
    const rows = Array.from({ length: ROWS_READ_MAX + 9 }, (_, n) => ({ $k: `1 d${n}`, $s: 1, $id: `d${n}`, value: n }))
    await storage.write(['room_counters'], 'relaxed', async () => ({ result: undefined, writes: [{ table: 'room_counters', put: rows }] }))
    const counts = await countRows(chatApp, storage, missing)
    const of = (table: string) => counts.find((count) => count.table === table)
    expect([of('self')?.rows, of('outbox')?.rows, of('room_messages')?.rows, of('refused')?.rows]).toEqual([1, 1, 1, 0])
    expect(of('room_counters')).toEqual({ table: 'room_counters', rows: ROWS_READ_MAX, more: true })
  })

  it('of documents are counted by the database, up to a bound', async () => {
    const { core } = await openCore({})
    const asked: number[] = []
    const table = (kind: string) => ({
      limit: (most: number) => {
        asked.push(most)
        return { count: async () => (kind === 'room' ? most : 5) }
      },
    })
    const counts = await countRows(chatApp, core.storage, table)
    expect(counts).toContainEqual({ table: 'room_messages', rows: DOCUMENTS_COUNTED_MAX, more: true })
    expect(counts).toContainEqual({ table: 'user_counters', rows: 5, more: false })
    expect(asked.every((most) => most === DOCUMENTS_COUNTED_MAX + 1)).toBe(true)
  })
})
