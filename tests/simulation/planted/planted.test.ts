// Goal: the simulation proves something, because it finds what is wrong. Method: a bug is planted in the product, in a process of its
// own, and seeds must fail soon. All of them: `npm run simulate:planted`.
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { describe, expect, it } from 'vitest'
import { openBugs } from './bugs/open-bugs.ts'
import { BUGS, bugNamed } from './bugs.ts'
import { hunt, huntAll } from './hunt.ts'
import { withBug } from './planted-bug.ts'

/** Found within a few seeds, from all over the product; without CI the first of them alone. */
const QUICK = [
  'range-unjudged',
  'news-from-anywhere',
  'pending-covered',
  'saved-too-early',
  'refused-dropped',
  'floors-forgotten',
  'views-mixed',
  'duplicate-check-skipped',
  'not-recorded',
  'creator-filter-dropped',
]
const SEEDS_MAX = 300
const HUNTS_TIMEOUT_MS = 300_000

describe('planted bugs', () => {
  it('each still has its place in the product, and leaves a file that can be read', async () => {
    for (const bug of [...BUGS, ...openBugs]) {
      const text = await readFile(new URL(`../../../${bug.file}`, import.meta.url), 'utf8')
      expect(() => stripTypeScriptTypes(withBug(bug, text)), bug.name).not.toThrow()
      expect(bug.replace, bug.name).not.toBe(bug.find)
    }
    expect(new Set([...BUGS, ...openBugs].map(({ name }) => name)).size).toBe(BUGS.length + openBugs.length)
  })

  it('the simulation finds them', { timeout: HUNTS_TIMEOUT_MS }, async () => {
    const names = process.env.CI === undefined ? QUICK.slice(0, 1) : QUICK
    const hunts = await huntAll(names.map(bugNamed), { seedsMax: SEEDS_MAX }, 2)
    expect(hunts.map(({ bug, end, message }) => [bug.name, end, end === 'broken' ? message : ''])).toEqual(
      names.map((name) => [name, 'found', '']),
    )
  })

  it('a change that changes nothing is missed, one that keeps the product from loading is no find, and one that never ends is', async () => {
    const place = { ...bugNamed('range-unjudged'), find: 'judge(standingOf(before), range)' }
    const withReplace = (replace: string, seedWithinMs?: number) => hunt({ ...place, replace }, { seedsMax: 2, seedWithinMs })
    const [harmless, unreadable, endless] = await Promise.all([
      withReplace('/* as before */ judge(standingOf(before), range)'),
      withReplace('judge('),
      withReplace('(() => { for (;;); })()', 1000),
    ])
    expect([harmless.end, harmless.seeds]).toEqual(['missed', 2])
    expect([unreadable.end, unreadable.message]).toEqual(['broken', expect.stringContaining('apply-range.ts')])
    expect([endless.end, endless.by]).toEqual(['found', 'hangs'])
    const moved = await hunt({ ...place, find: 'what stood here once' }, { seedsMax: 1 })
    expect([moved.end, moved.message]).toEqual(['broken', expect.stringContaining('stands 0 times')])
  })
})
