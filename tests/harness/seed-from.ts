import { randomInt } from 'node:crypto'

/** Seeds of property tests are 32-bit integers. Source: fast-check 4.10, Parameters.seed. */
const SEEDS = 2 ** 31

/** Where every drawing of a test run begins: 1, the number in TIDEMARK_SEED_FROM, or any where it says `random`. Throws for other words. */
export function seedFrom(said: string | undefined): number {
  if (said === undefined || said === '') return 1
  if (said === 'random') return randomInt(SEEDS)
  const seed = Number(said)
  if (!Number.isInteger(seed) || seed < 0 || seed >= SEEDS)
    throw new RangeError(`TIDEMARK_SEED_FROM=${said}: an integer from 0 to ${SEEDS - 1} is needed, or the word random`)
  return seed
}
