import { randomBytes } from 'node:crypto'
import type { Random } from '@tidemark/shared'

/** Chance as the machine has it; nobody can foretell it. */
export const systemRandom: Random = {
  unit: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (count) => randomBytes(count),
}
