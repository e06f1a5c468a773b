import type { DocumentRow } from '@tidemark/client'
import { useQuery } from '@tidemark/client/react'
import type { AuditLine } from '@tidemark/shared'
import { actDone } from '../acts/act-words.ts'
import { useModeration } from '../acts/use-moderation.ts'
import { hrefOf } from '../shell/route.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { moment, timeOfDay } from '../words/units.ts'
import { OlderRows } from './older-rows.tsx'

type Row = DocumentRow<AuditLine>

const COLUMNS: readonly TableColumn<Row>[] = [
  {
    key: 'at',
    title: 'When',
    isTime: true,
    isNumber: true,
    value: ({ atMs }) => atMs,
    cell: ({ atMs, $p }) => (
      <span title={moment(atMs)}>
        {timeOfDay(atMs)}
        {$p === 1 && <span className="tag sand">on its way</span>}
      </span>
    ),
  },
  { key: 'by', title: 'Who', value: ({ by }) => by, cell: ({ by }) => <a href={hrefOf('people', by)}>{by}</a> },
  { key: 'act', title: 'Did', value: ({ act }) => actDone(act) },
  { key: 'of', title: 'What', value: ({ of }) => of, narrow: 'below' },
]

/** A line for each act, written in the commit of the act itself. */
export function AuditPage() {
  const { audit } = useModeration()
  const { docs } = useQuery(audit.orderBy('atMs', 'desc'))
  return (
    <>
      <DataTable
        caption="Who did what"
        columns={COLUMNS}
        rows={docs}
        keyOf={({ $id }) => $id}
        sortedBy={{ key: 'at', descending: true }}
        empty={<p>Nothing was done yet.</p>}
      />
      <OlderRows of={audit} what="lines" />
    </>
  )
}
