import type { TableCount } from '../count-rows.ts'
import { keyedRows, type MakeElement, setText } from '../elements.ts'
import type { Observed } from '../observed.ts'
import { sayBytes, sayNumber, sayTime } from '../say-amounts.ts'
import { factList } from './facts.ts'
import type { View } from './view.ts'

/** What is kept on this device, and whether it stays. */
export function storageView(make: MakeElement): View {
  let observed: Observed | undefined
  const facts = factList(make)
  const rows = make('tbody')
  const caption = make('caption', {}, ['Rows'])
  const showRows = keyedRows<TableCount>(
    rows,
    ({ table }) => table,
    ({ table }) => {
      const count = make('td', { class: 'digits' })
      const element = make('tr', {}, [make('th', { scope: 'row' }, [table]), count])
      return { element, show: ({ rows, more }) => setText(count, more ? `${sayNumber(rows)} or more` : sayNumber(rows)) }
    },
  )
  const error = make('p', { class: 'notice' })
  const persist = make('button', { type: 'button' }, ['Ask the browser to keep it'], { click: () => void observed?.replica.persist() })
  return {
    element: make('div', { class: 'halves' }, [
      make('section', { 'aria-label': 'Promises and room' }, [
        error,
        facts.element,
        make('div', { class: 'bar' }, [
          persist,
          make('button', { type: 'button' }, ['Count again'], { click: () => void observed?.count() }),
        ]),
      ]),
      make('section', { 'aria-label': 'Rows by table' }, [make('table', { class: 'counts' }, [caption, rows])]),
    ]),
    opened: (now) => void now.count(),
    show(now) {
      observed = now
      const { storage, status } = now
      const { durable, persisted, error: trouble, lost } = status.storage
      const { usageBytes, quotaBytes } = storage ?? {}
      const problem = trouble?.message ?? storage?.error?.message
      error.hidden = problem === undefined
      setText(error, problem ?? '')
      persist.hidden = persisted !== false
      facts.show([
        ['Outlives a reload', durable ? 'yes' : 'no: this replica is in memory'],
        [
          'Kept when room runs short',
          persisted === undefined ? 'the browser does not say' : persisted ? 'yes, promised by the browser' : 'not promised',
        ],
        ['This origin takes', usageBytes === undefined ? undefined : sayBytes(usageBytes)],
        [
          'of at most',
          usageBytes === undefined || !quotaBytes
            ? undefined
            : `${sayBytes(quotaBytes)} (${Math.max(0.01, (100 * usageBytes) / quotaBytes).toFixed(2)} %)`,
        ],
        ['Lost before', lost && `${lost.pending} pending and ${lost.refused} refused: this device was cleared`],
      ])
      setText(caption, storage ? `Rows at ${sayTime(storage.atMs)}` : 'Being counted')
      showRows(storage?.counts ?? [])
    },
  }
}
