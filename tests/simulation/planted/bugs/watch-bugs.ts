import type { PlantedBug } from '../planted-bug.ts'

const MIRROR = 'client/src/watch/mirror.ts'
const RESULT = 'client/src/watch/result.ts'

/** What apps are told of queries that they watch. */
export const watchBugs: readonly PlantedBug[] = [
  {
    name: 'watch-foreign-skipped',
    file: MIRROR,
    find: 'if (id !== undefined) stale.add(id)',
    replace: '',
    classes: ['tabs'],
    rule: 'P4',
    what: 'a watch does not read what another tab has changed',
  },
  {
    name: 'watch-old-copy-stays',
    file: MIRROR,
    find: "if (ids === 'all') for (const id of docs.keys()) if (!found.has(id)) put(id, undefined)",
    replace: '',
    rule: 'R6',
    what: 'documents that another copy does not have stay in a watch',
  },
  {
    name: 'watch-limit-not-refilled',
    file: RESULT,
    find: 'matches = next\n',
    replace: 'matches = nextDocs\n',
    rule: 'P4',
    what: 'a watch with a limit forgets what lies behind it',
  },
  {
    name: 'watch-deletion-skipped',
    file: MIRROR,
    find: "else if ('delete' in write) for (const key of write.delete) wrote(key as string, undefined)",
    replace: "else if ('delete' in write) continue",
    rule: 'P4',
    what: 'a watch keeps what this tab deleted',
  },
  {
    name: 'watch-update-skipped',
    file: RESULT,
    find: 'if (fits(after)) come.push(after)',
    replace: 'if (fits(after) && !before) come.push(after)',
    rule: 'P4',
    what: 'what was changed leaves a watch',
  },
]
