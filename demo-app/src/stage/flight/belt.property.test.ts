import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Belt, type Flying, GAP_PX } from './belt.ts'

const act = fc.oneof(
  fc.record({ do: fc.constant('lay' as const), width: fc.integer({ min: 1, max: 2400 }), large: fc.boolean(), anyway: fc.boolean() }),
  fc.record({ do: fc.constant('move' as const), px: fc.integer({ min: 0, max: 400 }) }),
  fc.record({ do: fc.constant('resize' as const), width: fc.integer({ min: 0, max: 2000 }), rows: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ do: fc.constant('clear' as const) }),
)

describe('a belt', () => {
  it('never lets two texts touch, whatever is laid on it and however fast it goes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.array(act, { maxLength: 120 }), (rows, acts) => {
        const belt = new Belt<number>(1280, rows)
        for (const each of acts) {
          if (each.do === 'lay') belt.lay(0, each.width, each.large ? 2 : 1, each.anyway)
          else if (each.do === 'move') belt.move(each.px)
          else if (each.do === 'clear') belt.clear()
          else belt.resize(each.width, each.rows)
          assertApart(belt)
        }
      }),
      { numRuns: process.env.CI === undefined ? 100 : 2000 },
    )
  })

  it('lets a text fly from the right end until its last letter is gone', () => {
    const belt = new Belt<string>(1000, 2)
    const flying = belt.lay('tide', 100, 1) as Flying<string>
    expect([flying.row, belt.xOf(flying)]).toEqual([0, 1000])
    belt.move(1099)
    expect([belt.xOf(flying), belt.count]).toEqual([-99, 1])
    belt.move(2)
    expect(belt.count).toBe(0)
  })

  it('fills the rows from above, and has no room once each is taken, but for one’s own', () => {
    const belt = new Belt<number>(1000, 2)
    expect([0, 1, 2].map((item) => belt.lay(item, 300, 1)?.row)).toEqual([0, 1, undefined])
    const own = belt.lay(3, 300, 1, true) as Flying<number>
    expect(belt.xOf(own)).toBe(1000 + 300 + GAP_PX)
  })

  it('lays large texts on pairs of rows that move alike', () => {
    const belt = new Belt<number>(1000, 5)
    expect([0, 1, 2].map((item) => belt.lay(item, 300, 2)?.row)).toEqual([0, 2, undefined])
    expect(belt.lay(3, 300, 1)?.row).toBe(4)
  })
})

function assertApart(belt: Belt<number>): void {
  const byRow = new Map<number, { from: number; to: number }[]>()
  for (const flying of belt.flying) {
    const from = belt.xOf(flying)
    for (let row = flying.row; row < flying.row + flying.span; row++) {
      expect(row).toBeLessThan(belt.rows)
      const others = byRow.get(row) ?? []
      for (const other of others)
        if (from < other.to + GAP_PX - 1e-6 && other.from < from + flying.widthPx + GAP_PX - 1e-6)
          throw new Error(`row ${row}: ${from} touches ${other.from} to ${other.to}`)
      byRow.set(row, [...others, { from, to: from + flying.widthPx }])
    }
  }
}
