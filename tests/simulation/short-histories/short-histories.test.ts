// Goal: no short history of devices and a server goes wrong, whoever thought of it. Method: a bounded model check of the real code: every
// sequence of so many steps (typing, losses, crashes, trims, backups put back, copies, pages that wait), each from the beginning, each
// to its end as the named cases have it. After every step a copy that says it has all has all, and after every step that takes nothing
// back what was typed is still somewhere. Longer ones: npm run simulate:histories.
import { describe, expect, it } from 'vitest'
import { explore } from './explore.ts'
import { gateways } from './gateways.ts'
import { readers } from './readers.ts'
import { writers } from './writers.ts'

const isWhole = process.env.CI !== undefined

describe('short histories', () => {
  const writing = isWhole ? 3 : 2
  it(`of two devices that write: all of up to ${writing} steps come out right`, async () => {
    const { histories, failures } = await explore(writers, writing)
    expect(failures).toEqual([])
    expect(histories).toBeGreaterThan(100)
  })

  const roaming = isWhole ? 3 : 1
  it(`of two gateways: all of up to ${roaming} steps come out right`, async () => {
    const { histories, failures } = await explore(gateways, roaming)
    expect(failures).toEqual([])
    expect(histories).toBeGreaterThan(10)
  })

  const reading = isWhole ? 2 : 1
  it(`of a device that reads: all of up to ${reading} steps come out right`, async () => {
    const { histories, failures } = await explore(readers, reading)
    expect(failures).toEqual([])
    expect(histories).toBeGreaterThan(10)
  })
})
