// Goal: no short history of two devices and a server goes wrong, whoever thought of it. Method: a bounded model check of the real code:
// every sequence of so many steps (typing, losses, crashes, trims, backups put back, copies), each from the beginning, each to its end
// as the named cases have it; and after every step that takes nothing back, what was typed is still somewhere.
import { describe, expect, it } from 'vitest'
import { explore } from './explore.ts'

const DEPTH = process.env.CI === undefined ? 2 : 3
/** Steps that only healing [M5] makes right. */
const needsHealing = (step: string) => step.includes('set back') || step.includes('copy')

describe('short histories', () => {
  it(`all of up to ${DEPTH} steps come out right`, async () => {
    const { histories, failures } = await explore(DEPTH, needsHealing)
    expect(failures).toEqual([])
    expect(histories).toBeGreaterThan(100)
  })
})
