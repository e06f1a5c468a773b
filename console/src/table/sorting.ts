/** What is known of a column to sort and to find by it. */
export interface Column<Row> {
  readonly key: string
  /** Undefined sorts last, whichever way. */
  readonly value: (row: Row) => string | number | undefined
  /** Its value is a time, which nobody reads as the number that it is: no filter looks at it. */
  readonly isTime?: boolean
}

export interface Sorting {
  readonly key: string
  readonly descending: boolean
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** In the order of one column; equal rows stay as they came. */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], { key, descending }: Sorting): readonly Row[] {
  const value = columns.find((column) => column.key === key)?.value
  if (value === undefined) return rows
  const way = descending ? -1 : 1
  return rows.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)]
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
    return way * (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)))
  })
}

/** Rows in which each word of the filter is found, in whichever column that is read as it is. */
export function filtered<Row>(rows: readonly Row[], columns: readonly Column<Row>[], filter: string): readonly Row[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return rows
  const read = columns.filter(({ isTime }) => isTime !== true)
  return rows.filter((row) => {
    const text = read.map(({ value }) => String(value(row) ?? '').toLowerCase()).join(' ')
    return words.every((word) => text.includes(word))
  })
}
