import type { Changelog } from '../changelog.ts'
import type { OpenChangelog } from './bench.ts'

/** Runs a test against a changelog of its own. */
export type Opened = (test: (changelog: Changelog) => Promise<void>) => Promise<void>

/** Closes the changelog after the test, whatever came of it. */
export function openedBy(open: OpenChangelog): Opened {
  return async (test) => {
    const changelog = await open()
    try {
      await test(changelog)
    } finally {
      await changelog.close()
    }
  }
}
