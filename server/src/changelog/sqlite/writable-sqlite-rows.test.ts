// A savepoint that is gone back to undoes its neighbours in the engine: they are written again, or nothing is committed.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { EMPTY_SEAL, toVersion } from '@tidemark/shared'
import { expect, it } from 'vitest'
import { CorruptRowError } from '../corrupt-row-error.ts'
import { STEPS } from './schema.ts'
import { WritableSqliteRows } from './writable-sqlite-rows.ts'

/** SQLITE_CORRUPT, as node:sqlite throws it. */
const DAMAGED = Object.assign(new Error('database disk image is malformed'), { code: 'ERR_SQLITE_ERROR', errcode: 11 })

/** Rows in a database whose table of mutations can be made to look damaged. */
function opened() {
  const db = new DatabaseSync(':memory:')
  for (const step of STEPS) db.exec(step)
  const disk = { isDamaged: false }
  const prepare = (sql: string) => {
    const statement = db.prepare(sql)
    const run = (...values: SQLInputValue[]) => {
      if (disk.isDamaged && sql.startsWith('insert into mutations')) throw DAMAGED
      return statement.run(...values)
    }
    return { run, get: (...values: SQLInputValue[]) => statement.get(...values) }
  }
  const failed: unknown[] = []
  const rows = new WritableSqliteRows({ prepare } as unknown as DatabaseSync, {
    corrupt: () => undefined,
    failed: (error) => failed.push(error),
    assertUsable: () => undefined,
  })
  db.exec('begin immediate')
  rows.forget()
  const record = (n: number) => rows.addMutation('t', 'c_1', { n, nonce: '', outcome: '{}' }, 0)
  const recorded = () =>
    db
      .prepare('select n from mutations order by n')
      .all()
      .map(({ n }) => n)
  return { disk, rows, failed, record, recorded }
}

it('going back keeps what was written before, with and without a savepoint, and what comes after', () => {
  const { rows, record, recorded, failed } = opened()
  record(1)
  rows.savepoint()
  record(2)
  rows.releaseSavepoint()
  record(3)
  rows.savepoint()
  record(4)
  rows.putSpace('t', 'room:1', { version: toVersion(1), seal: EMPTY_SEAL, logStart: toVersion(0), horizon: toVersion(0) })
  rows.rollbackToSavepoint()
  expect(recorded()).toEqual([1, 2, 3])
  expect(rows.space('t', 'room:1')).toBeUndefined()
  rows.savepoint()
  rows.rollbackToSavepoint()
  record(5)
  expect(recorded()).toEqual([1, 2, 3, 5])
  expect(failed).toEqual([])
})

it('neighbours that cannot be written again fail the whole transaction: they were told to be written', () => {
  const { disk, rows, record, failed } = opened()
  rows.savepoint()
  record(1)
  rows.releaseSavepoint()
  rows.savepoint()
  disk.isDamaged = true
  expect(() => rows.rollbackToSavepoint()).toThrow(CorruptRowError)
  expect(failed).toEqual([expect.any(CorruptRowError)])
})

it('a row that the engine refuses is undone alone, and its neighbours stay', () => {
  const { rows, record, recorded, failed } = opened()
  rows.savepoint()
  record(1)
  rows.releaseSavepoint()
  rows.savepoint()
  record(2)
  expect(() => record(1)).toThrow(CorruptRowError)
  rows.rollbackToSavepoint()
  expect(recorded()).toEqual([1])
  expect(failed).toEqual([])
})
