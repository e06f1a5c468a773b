// Whatever is committed or taken back: replaying the log gives the documents, pages add up to the whole, and both
// engines hold the same, seals included.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deltaOf, type Json, type JsonObject, withDelta } from '@tidemark/shared'
import * as fc from 'fast-check'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Changelog, LoggedCommit, NewChange, StoredDocument, WriteTransaction } from './changelog.ts'
import { documentsOf, headOf, logOf, paged, v, WIDE } from './contract/bench.ts'
import { memoryChangelog } from './memory/memory-changelog.ts'
import { sqliteChangelog } from './sqlite/sqlite-changelog.ts'

vi.setConfig({ testTimeout: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'tidemark-replay-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

const SPACES = ['room:1', 'room:2']
const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.integer(), fc.constant(null)).map((given): Json => given)
const doc = fc.dictionary(fc.constantFrom('a', 'b', 'ü'), value, { maxKeys: 3 }).map((given): JsonObject => ({ ...given }))
const edit = fc.record({ id: fc.constantFrom('1', '2', '3', '😀'), doc: fc.option(doc, { nil: undefined }), patch: fc.boolean() })
const mutation = fc.record({
  space: fc.constantFrom(...SPACES),
  edits: fc.uniqueArray(edit, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
  fails: fc.boolean(),
})
const group = fc.record({ mutations: fc.array(mutation, { maxLength: 4 }), fails: fc.integer({ min: 0, max: 5 }).map((n) => n === 0) })
type Mutation = typeof mutation extends fc.Arbitrary<infer M> ? M : never

/** What a backend would write for an edit: a creation, a replacement, a patch or a deletion. */
async function changeFor(
  tx: WriteTransaction,
  space: string,
  { id, doc: wanted, patch }: Mutation['edits'][number],
): Promise<NewChange | undefined> {
  const before = await tx.document(space, 'messages', id)
  const place = { collection: 'messages', id, creator: 'alice' }
  if (before?.doc === undefined) return wanted && { ...place, created: 'now', doc: JSON.stringify(wanted) }
  if (wanted === undefined) return { ...place, created: before.created, doc: undefined }
  const { set, unset } = deltaOf(JSON.parse(before.doc), { set: wanted })
  const after = patch ? withDelta(JSON.parse(before.doc), { set, unset }) : wanted
  const delta = patch ? { set: JSON.stringify(set), unset } : undefined
  return { ...place, created: before.created, doc: JSON.stringify(after), delta }
}

async function run(tx: WriteTransaction, { space, edits, fails }: Mutation): Promise<void> {
  await tx
    .savepoint(async () => {
      const changes = (await Promise.all(edits.map((given) => changeFor(tx, space, given)))).filter((change) => change !== undefined)
      if (changes.length > 0) await tx.commit(space, changes, undefined, 0)
      if (fails) throw new Error('a bad mutation')
    })
    .catch(() => undefined)
}

/** What a copy makes of the log. */
function replay(log: readonly LoggedCommit[]): Map<string, { version: number; created: number; doc: JsonObject | undefined }> {
  const documents = new Map<string, { version: number; created: number; doc: JsonObject | undefined }>()
  for (const { version, changes } of log) {
    for (const change of changes.map(({ text }) => JSON.parse(text))) {
      const before = documents.get(change.id)
      if (change.v !== version) throw new Error('a change of another commit')
      if (change.del) documents.set(change.id, { version, created: before?.created ?? Number.NaN, doc: undefined })
      else if (change.put) documents.set(change.id, { version, created: change.b ?? version, doc: change.put })
      else documents.set(change.id, { version, created: before?.created ?? Number.NaN, doc: withDelta(before?.doc ?? {}, change) })
    }
  }
  return documents
}

const stateOf = (documents: readonly StoredDocument[]) =>
  new Map(
    documents.map(({ id, version, created, doc: text }) => [
      id,
      { version, created, doc: text === undefined ? undefined : JSON.parse(text) },
    ]),
  )

async function check(changelog: Changelog, pageChangesMax: number): Promise<unknown> {
  const state: unknown[] = []
  for (const space of SPACES) {
    const log = await logOf(changelog, { space })
    const documents = await documentsOf(changelog, { space })
    const head = await headOf(changelog, space)
    expect(log.map(({ version }) => version as number)).toEqual(Array.from({ length: head.version }, (_, n) => n + 1))
    expect(log.at(-1)?.seal ?? '00000000').toBe(head.seal)
    expect(stateOf(documents)).toEqual(replay(log))
    const bounds = { ...WIDE, changesMax: pageChangesMax }
    expect((await paged((from) => logOf(changelog, { space, from, bounds }))).flat()).toEqual(log)
    expect((await paged((from) => documentsOf(changelog, { space, from, bounds }))).flat()).toEqual(documents)
    const middle = v(Math.floor(head.version / 2))
    expect(await documentsOf(changelog, { space, from: middle })).toEqual(documents.filter(({ version }) => version > middle))
    state.push([head, log, documents])
  }
  return state
}

describe('any sequence of commits', () => {
  it('replayed from the log is the documents, page by page too, and the same in both engines', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(group, { maxLength: 8 }), fc.integer({ min: 1, max: 4 }), async (groups, pageChangesMax) => {
        const engines = [memoryChangelog(), sqliteChangelog(join(folder, `${files++}.db`))]
        const states: unknown[] = []
        for (const changelog of engines) {
          for (const { mutations, fails } of groups) {
            const write = changelog.write(async (tenant) => {
              for (const given of mutations) await run(tenant('t'), given)
              if (fails) throw new Error('the whole group fails')
            })
            await write.catch(() => undefined)
          }
          states.push(await check(changelog, pageChangesMax))
          await changelog.close()
        }
        expect(states[1]).toEqual(states[0])
      }),
      { numRuns: process.env.CI ? 300 : 30 },
    )
  })
})
