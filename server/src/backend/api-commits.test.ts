// Goal: several mutations in one commit are one draft, and none of them reaches into another. Over the wire: tests/integration/wire-commits.
import { type CommitsBody, collection, defineApp, space } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { BackendWorld, NEW, user } from '../../test/backend-world.ts'
import { newApiKey } from '../api-keys/api-key.ts'
import { systemRandom } from '../platform/system-random.ts'
import { runApiCommits } from './api-commits.ts'
import { COMMITS_WITHIN_MS } from './bounds.ts'

/** Calls that a mutator left behind, and what came of them. */
const left: (() => Promise<unknown>)[] = []
const late: Promise<unknown>[] = []
const slow: (() => void)[] = []
const app = defineApp({
  version: '1',
  spaces: {
    box: space({
      collections: { notes: collection(v.object({ n: v.number() })) },
      mutators: {
        leaves(tx) {
          left.push(() => tx.notes.put('left', { n: 0 }))
        },
        async finds(tx) {
          for (const each of left.splice(0)) late.push(each().catch((error: { code: string }) => error.code))
          await tx.notes.put('found', { n: 1 })
        },
        async takesTime() {
          await new Promise<void>((resolve) => slow.push(resolve))
        },
      },
    }),
  },
})

function bench(scope = 'commit:*') {
  const world = new BackendWorld({ app })
  const { record } = newApiKey(systemRandom, { tenant: 'default', name: 'shop', scopes: [scope], createdMs: 0 })
  const post = async (...commits: CommitsBody['commits']) =>
    (JSON.parse(await runApiCommits(world.backend.commits, record, { commits })) as { commits: unknown[] }).commits
  const changes = async () => (await world.range(user('alice'), 'box:1', NEW)).changes
  return { world, post, changes }
}

const call = (name: string, args = {}) => ({ space: 'box:1', name, args })
const more = call('patch', { c: 'notes', id: 'a', inc: { n: 1 } })

describe('several mutations in one commit', () => {
  it('see each other’s writes, and become one change a document', async () => {
    const { post, changes } = bench()
    const put = call('put', { c: 'notes', id: 'a', doc: { n: 1 } })
    expect(await post({ mutations: [put, more, more, call('finds')] })).toEqual([{ in: { 'box:1': 1 } }])
    expect(await changes()).toMatchObject([
      { v: 1, id: 'a', put: { n: 3 } },
      { v: 1, id: 'found', put: { n: 1 } },
    ])
  })

  it('what one left running does not write while the next one runs', async () => {
    const { post, changes } = bench()
    expect(await post({ mutations: [call('leaves'), call('finds')] })).toEqual([{ in: { 'box:1': 1 } }])
    expect(await Promise.all(late)).toEqual(['rejected'])
    expect((await changes()).map(({ id }) => id)).toEqual(['found'])
  })

  it('none is begun after the time of its call: that is unavailable, and nothing of its commit is written', async () => {
    const { world, post } = bench()
    const asked = post(
      { mutations: [call('takesTime')] },
      { mutations: [call('finds'), call('takesTime'), call('finds')] },
      { mutations: [call('finds')] },
    )
    // Each of the two ends in time by itself; together they take longer than a call may.
    for (let at = 0; at < 2; at++) {
      await world.clock.pass(COMMITS_WITHIN_MS * 0.75)
      slow.shift()?.()
    }
    expect(await asked).toMatchObject([{ in: {} }, { error: { code: 'unavailable' } }, { error: { code: 'unavailable' } }])
    expect((await world.head('box:1')).version).toBe(0)
  })
})

describe('scopes', () => {
  it('[K4] are judged before the key: a used one tells nothing of spaces outside them', async () => {
    const { post } = bench('commit:box:1')
    const put = call('put', { c: 'notes', id: 'a', doc: { n: 1 } })
    const done = { in: { 'box:1': 1 } }
    expect(await post({ key: 'k', mutations: [put] })).toEqual([done])
    expect(await post({ key: 'k', mutations: [{ ...put, space: 'box:2' }] })).toMatchObject([{ error: { code: 'forbidden' } }])
    expect(await post({ key: 'k', mutations: [put, more] })).toMatchObject([{ error: { code: 'key-conflict' } }])
    expect(await post({ key: 'k', mutations: [put] })).toEqual([{ ...done, repeated: true }])
  })
})
