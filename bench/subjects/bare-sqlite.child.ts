// The floor of a commit: node:sqlite writes the rows of a mutation (document, log, head, mutation record), in groups.

import { randomBytes } from 'node:crypto'
import { underTest } from '../measure/under-test.ts'
import { BareSqlite } from './bare-rows.ts'

const { data } = JSON.parse(process.argv[2] ?? '{}') as { data: string }
const rows = await BareSqlite.open(data)

underTest(undefined, {
  /** Writes what `clients` devices sent, `batch` of one device after the other, `group` mutations in each transaction. */
  write({ clients, batch, mutations, group }: Record<'clients' | 'batch' | 'mutations' | 'group', number>) {
    // As random as those of real devices: where a row lies decides how many pages a group writes.
    const ids = Array.from({ length: clients }, () => `c_${randomBytes(16).toString('base64url')}`)
    for (let done = 0; done < mutations; ) {
      const until = Math.min(mutations, done + group)
      rows.begin()
      for (; done < until; done++) {
        const turn = Math.floor(done / batch)
        const at = turn % clients
        const n = Math.floor(turn / clients) * batch + (done % batch) + 1
        rows.write({ room: `room:r${at}`, user: `u${at}`, client: ids[at] ?? '', n })
      }
      rows.commit()
    }
  },
})
