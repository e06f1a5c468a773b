import { EMPTY_SEAL, type Seal, toVersion, type Version } from '@tidemark/shared'
import type { Head } from '../changelog/changelog.ts'

/** What the server must know of a compacted run [C2]. */
export interface Run {
  /** From where the run leads: 0, or the version of the copy that it brings up to date. */
  readonly from: Version
  /** The head when its first page was read. */
  readonly began: Version
  /** The head when its last page was read; the digits of the seal are that head's. */
  readonly lastHead: Version
  /** Windows are cut; false where the first request said `window=all` [W1]. */
  readonly isCut: boolean
}

/** A seal taken apart: `{digits}[-{tag}][~{from}.{began}.{lastHead}[.all]]`. Source: protocol §2. */
export interface StatedSeal {
  readonly digits: string
  readonly tag: string
  readonly run: Run | undefined
}

const PATTERN = /^([0-9a-f]{8})(?:-([0-9a-z]+))?(?:~(\d{1,16})\.(\d{1,16})\.(\d{1,16})(\.all)?)?$/

/** undefined for what this server never gave out. */
export function readSeal(text: Seal): StatedSeal | undefined {
  const [, digits, tag = '', from, began, lastHead, all] = PATTERN.exec(text) ?? []
  if (digits === undefined) return undefined
  if (from === undefined || began === undefined || lastHead === undefined) return { digits, tag, run: undefined }
  const numbers = [from, began, lastHead].map(Number)
  if (!numbers.every(Number.isSafeInteger)) return undefined
  const ends = { from: toVersion(Number(from)), began: toVersion(Number(began)), lastHead: toVersion(Number(lastHead)) }
  const run = { ...ends, isCut: all === undefined }
  return run.from <= run.began && run.began <= run.lastHead ? { digits, tag, run } : undefined
}

/** The seal of a version in a view; version 0 has the same one in every view. */
export function plainSeal({ version, seal }: Head, tag: string): Seal {
  if (version === 0) return EMPTY_SEAL
  return (tag === '' ? seal : `${seal}-${tag}`) as Seal
}

/** The seal of an unfinished run, after a page that was read at `head`. */
export function runSeal(head: Head, tag: string, run: Omit<Run, 'lastHead'>): Seal {
  return `${plainSeal(head, tag)}~${run.from}.${run.began}.${head.version}${run.isCut ? '' : '.all'}` as Seal
}
