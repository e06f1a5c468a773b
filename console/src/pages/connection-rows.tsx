import type { ConnectionState } from '@tidemark/server'
import type { ReactNode } from 'react'
import { hrefOf } from '../shell/route.ts'
import { DataTable, type TableColumn } from '../table/data-table.tsx'
import { bytes, count, counted, span } from '../words/units.ts'
import { behindOf, isLate, labelsOf } from './connection-figures.ts'

interface Props {
  readonly connections: readonly ConnectionState[]
  readonly nowMs: number
  readonly caption: string
  readonly tools?: ReactNode
}

/** Connections as a table: whose, on what, how they beat, and how far behind. */
export function ConnectionRows({ connections, nowMs, caption, tools }: Props) {
  const columns: readonly TableColumn<ConnectionState>[] = [
    { key: 'user', title: 'User', value: (one) => one.user, cell: (one) => <a href={hrefOf('people', one.user)}>{one.user}</a> },
    { key: 'device', title: 'Device', value: labelsOf, narrow: 'below' },
    {
      key: 'behind',
      title: 'Behind',
      isNumber: true,
      value: behindOf,
      cell: (one) => (behindOf(one) === 0 ? 'at the head' : <span className="tag coral">{counted(behindOf(one), 'version')}</span>),
    },
    { key: 'copies', title: 'Spaces', isNumber: true, value: (one) => one.copies.length, narrow: 'hidden' },
    {
      key: 'beat',
      title: 'Beat',
      isNumber: true,
      value: (one) => one.nextS,
      cell: (one) => `${count(one.nextS)} s`,
      narrow: 'hidden',
    },
    {
      key: 'heard',
      title: 'Heard',
      isTime: true,
      isNumber: true,
      value: (one) => nowMs - one.heardMs,
      cell: (one) => <span className={isLate(one, nowMs) ? 'problem' : undefined}>{span(nowMs - one.heardMs)} ago</span>,
      narrow: 'below',
    },
    {
      key: 'open',
      title: 'Open for',
      isTime: true,
      isNumber: true,
      value: (one) => nowMs - one.sinceMs,
      cell: (one) => span(nowMs - one.sinceMs),
      narrow: 'hidden',
    },
    {
      key: 'unsent',
      title: 'Unsent',
      isNumber: true,
      value: (one) => one.bufferedBytes,
      cell: (one) => bytes(one.bufferedBytes),
      narrow: 'hidden',
    },
    {
      key: 'client',
      title: 'Client',
      value: (one) => one.client,
      cell: (one) => (
        <span className="mono" title={one.client}>
          {one.client.slice(0, 10)}…
        </span>
      ),
      narrow: 'hidden',
    },
  ]
  return (
    <DataTable
      caption={caption}
      columns={columns}
      rows={connections}
      keyOf={(one) => one.id}
      sortedBy={{ key: 'behind', descending: true }}
      tools={tools}
      empty={<p>Nobody is connected.</p>}
    />
  )
}
