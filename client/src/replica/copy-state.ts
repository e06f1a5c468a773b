import type { Standing } from '@tidemark/shared'
import { isWhole } from './begin-anew.ts'
import type { CopyRow, Floors } from './rows.ts'

/** What the status tells of one copy. */
export interface CopyState extends Standing {
  readonly head: number
  /** True while it shows less than a whole prefix of the commits, or another copy is being built. */
  readonly partial: boolean
  readonly floors?: Floors | undefined
}

export function copyState(row: CopyRow): CopyState {
  const { version, seal, head, floors } = row
  return { version, seal, head, partial: !isWhole(row), floors }
}
