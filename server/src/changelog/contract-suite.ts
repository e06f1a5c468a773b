import type { OpenChangelog, TestRunner } from './contract/bench.ts'
import { describeClients } from './contract/clients.ts'
import { describeCommits } from './contract/commits.ts'
import { describeKeys } from './contract/keys.ts'
import { openedBy } from './contract/opened.ts'
import { describePaging } from './contract/paging.ts'
import { describeRetention } from './contract/retention.ts'
import { describeTenants } from './contract/tenants.ts'
import { describeTransactions } from './contract/transactions.ts'
import { describeWindows } from './contract/windows.ts'

/**
 * What every engine must do. `runner` is what a test file imports from vitest; `open` gives an empty changelog each time, which the
 * suite closes.
 */
export function describeChangelog(name: string, runner: TestRunner, open: OpenChangelog): void {
  const opened = openedBy(open)
  runner.describe(`${name} changelog`, () => {
    describeCommits(runner, opened)
    describeTransactions(runner, opened)
    describePaging(runner, opened)
    describeWindows(runner, opened)
    describeRetention(runner, opened)
    describeClients(runner, opened)
    describeKeys(runner, opened)
    describeTenants(runner, opened)
  })
}
