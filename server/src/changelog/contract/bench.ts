import { type Seal, type SpaceId, toVersion, type Version } from '@tidemark/shared'
import type { Changelog, Head, LeftOut, LoggedCommit, NewChange, ReadBounds, StoredDocument, WriteTransaction } from '../changelog.ts'

/** The parts of vitest that a suite needs; handed in, so that an import of the suite does not load a test runner. */
export type TestRunner = Pick<typeof import('vitest'), 'describe' | 'expect' | 'it'>

/** Gives an empty changelog. The suite closes it. */
export type OpenChangelog = () => Changelog | Promise<Changelog>

export const ROOM: SpaceId = 'room:1'
export const ALICE: SpaceId = 'user:alice'
export const NOW_MS = 1_763_596_800_000
export const NONCE = '9f86d08188c0ffee'
export const WIDE: ReadBounds = { changesMax: 10_000, bytesMax: 1_048_576, commitsMax: 10_000 }

export const v: (n: number) => Version = toVersion

/** A document that nobody had made before. */
export function creation(id: string, doc: object, creator = 'alice'): NewChange {
  return { collection: 'messages', id, creator, created: 'now', doc: JSON.stringify(doc) }
}

/** The document as a whole, made at `created`. */
export function replacement(id: string, doc: object, created: number): NewChange {
  return { ...creation(id, doc), created: v(created) }
}

export function deletion(id: string, created: number): NewChange {
  return { collection: 'messages', id, creator: 'alice', created: v(created), doc: undefined }
}

/** Writes one commit in a transaction of its own. */
export function commit(
  changelog: Changelog,
  changes: readonly NewChange[],
  { tenant = 't', space = ROOM, origin }: { tenant?: string; space?: SpaceId; origin?: string } = {},
): Promise<Head> {
  return changelog.write((of) => of(tenant).commit(space, changes, origin, NOW_MS))
}

/** Writes in the tenant `t`. */
export function writing<T>(changelog: Changelog, work: (tx: WriteTransaction) => Promise<T>): Promise<T> {
  return changelog.write((tenant) => work(tenant('t')))
}

export function headOf(changelog: Changelog, space: SpaceId = ROOM, tenant = 't'): Promise<Head> {
  return changelog.read(tenant, (tx) => tx.head(space))
}

export function logOf(
  changelog: Changelog,
  { from = 0, bounds = WIDE, space = ROOM, tenant = 't' }: { from?: number; bounds?: ReadBounds; space?: SpaceId; tenant?: string } = {},
): Promise<readonly LoggedCommit[]> {
  return changelog.read(tenant, (tx) => tx.log(space, v(from), bounds))
}

export function documentsOf(
  changelog: Changelog,
  {
    from = 0,
    bounds = WIDE,
    space = ROOM,
    tenant = 't',
    leftOut,
  }: { from?: number; bounds?: ReadBounds; space?: SpaceId; tenant?: string; leftOut?: LeftOut | undefined } = {},
): Promise<readonly StoredDocument[]> {
  return changelog.read(tenant, (tx) => tx.documentsAfter(space, v(from), bounds, leftOut))
}

export function documentOf(changelog: Changelog, id: string, tenant = 't'): Promise<StoredDocument | undefined> {
  return changelog.read(tenant, (tx) => tx.document(ROOM, 'messages', id))
}

export function sealAt(changelog: Changelog, version: number): Promise<Seal | undefined> {
  return changelog.read('t', (tx) => tx.sealAt(ROOM, v(version)))
}

/** Reads page after page until there is nothing more, and checks that each page moves on. */
export async function paged<T extends { readonly version: Version }>(
  read: (from: number) => Promise<readonly T[]>,
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = []
  for (let from = 0; ; ) {
    const page = await read(from)
    const last = page.at(-1)
    if (last === undefined) return pages
    if (last.version <= from) throw new Error(`a page after ${from} ends at ${last.version}`)
    pages.push(page)
    from = last.version
  }
}
