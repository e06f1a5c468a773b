import { type ReactNode, useId, useMemo, useState } from 'react'
import { count } from '../words/units.ts'
import './data-table.css'
import { type Column, filtered, type Sorting, sorted } from './sorting.ts'

export interface TableColumn<Row> extends Column<Row> {
  readonly title: string
  /** What stands in the cell; default: its value as text. */
  readonly cell?: (row: Row) => ReactNode
  readonly isNumber?: boolean
  /** On a narrow screen it stands below the first cell, under its title, or not at all. */
  readonly narrow?: 'below' | 'hidden'
}

interface Props<Row> {
  readonly caption: string
  readonly columns: readonly TableColumn<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string | number
  readonly sortedBy: Sorting
  /** Where nothing is to be shown, why. */
  readonly empty: ReactNode
  /** What stands beside the filter. */
  readonly tools?: ReactNode
  /** What is done with a row, at its end. */
  readonly actions?: (row: Row) => ReactNode
  readonly isChosen?: (row: Row) => boolean
  readonly filterHint?: string
}

/** Rows that are drawn; a filter finds the others. */
export const ROWS_MAX = 1000

/** Sorting by each column, a filter over all of them, a head that stays. */
export function DataTable<Row>(props: Props<Row>) {
  const { caption, columns, rows, keyOf, empty, tools, actions, isChosen, filterHint = 'Filter' } = props
  const [sorting, setSorting] = useState(props.sortedBy)
  const [filter, setFilter] = useState('')
  const captionId = useId()
  const found = useMemo(() => filtered(rows, columns, filter), [rows, columns, filter])
  const inOrder = useMemo(() => sorted(found, columns, sorting), [found, columns, sorting])
  const shown = inOrder.slice(0, ROWS_MAX)
  const below = columns.filter(({ narrow }) => narrow === 'below')

  return (
    <div className="data-table">
      <div className="data-table-tools">
        <input
          type="search"
          className="field data-table-filter"
          placeholder={filterHint}
          aria-label={`${filterHint}: ${caption}`}
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span className="data-table-count digits" role="status">
          {filter === '' ? count(rows.length) : `${count(found.length)} of ${count(rows.length)}`}
        </span>
        {tools}
      </div>
      {rows.length === 0 ? (
        <div className="data-table-empty">{empty}</div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
        <section className="data-table-scroll" aria-labelledby={captionId} tabIndex={0}>
          <table>
            <caption id={captionId} className="visually-hidden">
              {caption}
            </caption>
            <thead>
              <tr>
                {columns.map((column) => (
                  <Head key={column.key} column={column} sorting={sorting} sort={setSorting} />
                ))}
                {actions && (
                  <th scope="col" className="data-table-actions">
                    <span className="visually-hidden">Acts</span>
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={keyOf(row)} className={isChosen?.(row) === true ? 'chosen' : undefined}>
                  {columns.map((column, index) => (
                    <td key={column.key} className={classOf(column)}>
                      {column.cell ? column.cell(row) : text(column.value(row))}
                      {index === 0 && below.length > 0 && (
                        <span className="data-table-below">
                          {below.map((other) => (
                            <span key={other.key}>
                              {other.title}: {other.cell ? other.cell(row) : text(other.value(row))}
                            </span>
                          ))}
                        </span>
                      )}
                    </td>
                  ))}
                  {actions && <td className="data-table-actions">{actions(row)}</td>}
                </tr>
              ))}
            </tbody>
          </table>
          {found.length === 0 && <p className="data-table-empty">Nothing fits “{filter}”.</p>}
        </section>
      )}
      {inOrder.length > shown.length && (
        <p className="hint data-table-more">
          The first {count(shown.length)} are shown. Filter to find one of the other {count(inOrder.length - shown.length)}.
        </p>
      )}
    </div>
  )
}

interface HeadProps<Row> {
  readonly column: TableColumn<Row>
  readonly sorting: Sorting
  readonly sort: (by: Sorting) => void
}

function Head<Row>({ column, sorting, sort }: HeadProps<Row>) {
  const isBy = sorting.key === column.key
  const next = isBy ? !sorting.descending : column.isNumber === true
  return (
    <th scope="col" className={classOf(column)} aria-sort={isBy ? (sorting.descending ? 'descending' : 'ascending') : undefined}>
      <button type="button" onClick={() => sort({ key: column.key, descending: next })}>
        {column.title}
        <svg viewBox="0 0 8 10" aria-hidden="true" className={isBy ? (sorting.descending ? 'down' : 'up') : undefined}>
          <path className="arrow-up" d="M1 4l3-3 3 3" />
          <path className="arrow-down" d="M1 6l3 3 3-3" />
        </svg>
      </button>
    </th>
  )
}

function classOf<Row>({ isNumber, narrow }: TableColumn<Row>): string {
  return [isNumber === true && 'number', narrow !== undefined && 'wide-only'].filter(Boolean).join(' ')
}

function text(value: string | number | undefined): string {
  return typeof value === 'number' ? count(value) : (value ?? '')
}
