import { describe, expect, it } from 'vitest'
import { filtered, sorted } from './sorting.ts'

interface Row {
  readonly name: string
  readonly lag?: number
}
const columns = [
  { key: 'name', value: (row: Row) => row.name },
  { key: 'lag', value: (row: Row) => row.lag },
  { key: 'at', value: () => 1_795_288_388_376, isTime: true },
]
const rows: readonly Row[] = [{ name: 'room:10', lag: 3 }, { name: 'room:9' }, { name: 'Lobby', lag: 12 }, { name: 'lobby', lag: 3 }]

describe('a table', () => {
  it('sorts names as people read them, numbers by size, and what is not known last, whichever way', () => {
    const names = (key: string, descending: boolean) => sorted(rows, columns, { key, descending }).map(({ name }) => name)
    expect(names('name', false)).toEqual(['Lobby', 'lobby', 'room:9', 'room:10'])
    expect(names('lag', false)).toEqual(['room:10', 'lobby', 'Lobby', 'room:9'])
    expect(names('lag', true)).toEqual(['Lobby', 'room:10', 'lobby', 'room:9'])
    expect(sorted(rows, columns, { key: 'none', descending: false })).toBe(rows)
  })

  it('finds rows by all words of the filter, over all columns', () => {
    const names = (filter: string) => filtered(rows, columns, filter).map(({ name }) => name)
    expect(names('LOBBY')).toEqual(['Lobby', 'lobby'])
    expect(names('lobby 12')).toEqual(['Lobby'])
    expect(names('  ')).toHaveLength(4)
    expect(names('pier')).toEqual([])
    // No digits of a time that is shown as 19:13.
    expect(names('388')).toEqual([])
  })

  it('of 1,000 rows is in order within a frame, on a machine that does other things too', () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({ name: `room:${(n * 7919) % 1000}`, lag: n % 7 }))
    const times = Array.from({ length: 3 }, () => {
      const beginMs = performance.now()
      expect(sorted(filtered(many, columns, 'room'), columns, { key: 'name', descending: true })[0]?.name).toBe('room:999')
      return performance.now() - beginMs
    })
    expect(Math.min(...times)).toBeLessThan(50)
  })
})
