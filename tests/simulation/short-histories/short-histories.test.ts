// Goal: no short history of devices and a server goes wrong, whoever thought of it. Method: a bounded model check of the real code: every
// sequence of so many steps (typing, losses, crashes, trims, backups put back, copies, pages that wait), each from the beginning, each
// to its end as the named cases have it. After every step a copy that says it has all has all, and after every step that takes nothing
// back what was typed is still somewhere. Longer ones are walks of chance. More of both: npm run simulate:histories.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../seeded-random.ts'
import { type Explored, explore, wander } from './explore.ts'
import { gateways } from './gateways.ts'
import type { Model, Stage } from './model.ts'
import { readers } from './readers.ts'
import { writers } from './writers.ts'

const isWhole = process.env.CI !== undefined
const walks = isWhole ? 150 : 10
const length = 12

function expectRight({ histories, failures }: Explored, atLeast: number): void {
  expect(failures).toEqual([])
  expect(histories).toBeGreaterThanOrEqual(atLeast)
}

describe('every short history', () => {
  it('of two devices that write', async () => expectRight(await explore(writers, isWhole ? 3 : 2), 100))
  it('of two gateways', async () => expectRight(await explore(gateways, isWhole ? 2 : 1), 10))
  it('of a device that reads', async () => expectRight(await explore(readers, isWhole ? 2 : 1), 10))
})

describe('long histories of chance', () => {
  const wanderIn = <S extends Stage>(model: Model<S>, seed: number, without?: string) =>
    wander(model, seededRandom(seed), { walks, length, skips: (step) => without !== undefined && step.includes(without) })

  // A mutation that two copies of a device hold is done under two client ids where the server forgot that it had told them apart:
  // nobody can know. So the two do not meet here.
  it('of two devices that write, of which none is copied', async () => expectRight(await wanderIn(writers, 1, 'copy'), walks))
  it('of two devices that write, whose server keeps everything', async () =>
    expectRight(await wanderIn(writers, 2, 'the server is set back'), walks))
  it('of two gateways', async () => expectRight(await wanderIn(gateways, 3), walks))
})
