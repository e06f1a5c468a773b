import type { Second } from './crowd.ts'

const WIDTHS = [8, 8, 8, 8, 8, 8, 7, 7, 8, 8, 7]
const NAMES = ['viewers', 'says/s', 'taken/s', 'refused', 'ticks', 'items', 'cut', 'behind', 'p50 ms', 'p99 ms', 'max']

/** What a crowd saw within a second, as a row. */
export class LineOfASecond {
  static readonly HEAD: string = NAMES.map((name, at) => name.padStart(WIDTHS[at] ?? 0)).join('')

  of({ viewers, said, taken, refused, ticks, items, cut, away, waitedMs, because }: Second): string {
    const sorted = [...waitedMs].sort((a, b) => a - b)
    const at = (share: number) =>
      sorted.length === 0 ? '-' : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
    const values = [viewers, said, taken, refused, ticks, items, cut, away, at(0.5), at(0.99), at(1)]
    const row = values.map((value, column) => String(value).padStart(WIDTHS[column] ?? 0)).join('')
    return because.size === 0 ? row : `${row}   ${[...because].map(([code, times]) => `${code} ×${times}`).join(', ')}`
  }
}
