// Goal: a mutation whose mutator throws at every run does not keep what is behind it for ever, and no outage refuses one [M7].
import type { JsonObject, Numbered } from '@tidemark/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { addNote, app, BackendWorld, CLIENT, codes, everybody, item, nonceOf, user } from '../../test/backend-world.ts'
import { faultyChangelog } from '../../test/faulty-changelog.ts'
import type { Changelog, WriteTransaction } from '../changelog/changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { ACCESS_WITHIN_MS, MUTATOR_WITHIN_MS, POISON_FAILURES, POISON_MS } from './bounds.ts'

const alice = user('alice')
const MINUTE_MS = 60_000

/** What the mutator `flap` does now. */
let flap: 'throws' | 'hangs' | 'works' = 'throws'
afterEach(() => {
  flap = 'throws'
})
const flapping: typeof app = {
  ...app,
  spaces: {
    ...app.spaces,
    open: {
      ...app.spaces.open,
      mutators: {
        ...app.spaces.open.mutators,
        async flap(tx: any, { id }: { id: string }) {
          await tx.notes.put(id, { text: 'half of it' })
          if (flap === 'throws') throw new Error('the engine of the app is down')
          if (flap === 'hangs') await new Promise<never>(() => {})
        },
      } as typeof app.spaces.open.mutators,
    },
  },
}

const world = (changelog: Changelog = memoryChangelog()) => new BackendWorld({ app: flapping, changelog })
const poison = (n: number, history = 0): Numbered => item(n, 'open:1', 'flap', { id: `p${n}` } satisfies JsonObject, history)

/** Sends the mutation with one behind it, after `waitMs`. */
async function send(of: BackendWorld, waitMs = 0, first = poison(1), behind = addNote(first.n + 1)): Promise<string[]> {
  await of.clock.pass(waitMs)
  const on = first.n === 1 ? '' : nonceOf(first.n - 1)
  return codes(await of.batch(alice, { client: CLIENT, on, mutations: [first, behind] }))
}

const TRIED_AGAIN = ['! 1 internal']
const GIVEN_UP = ['1 rejected', '2 done']

describe('[M7] a mutation whose mutator throws', () => {
  it('is refused the fifth time, ten minutes after the first; what is behind it is done; and it stays refused', async () => {
    const of = world()
    for (let time = 1; time < POISON_FAILURES; time++) expect(await send(of, MINUTE_MS)).toEqual(TRIED_AGAIN)
    await of.clock.pass(POISON_MS - (POISON_FAILURES - 2) * MINUTE_MS)
    const batch = { client: CLIENT, on: '', mutations: [poison(1), addNote(2)] }
    const answer = await of.batch(alice, batch)
    expect(codes(answer)).toEqual(GIVEN_UP)
    expect(answer.acks[0]?.error?.message).toMatch(/5 times over 10 minutes.*what was made after it.*log of the server/)
    expect(answer.error).toBeUndefined()
    // Nothing that it wrote is there.
    expect((await of.head('open:1')).version).toBe(1)
    expect(of.logged.at(-1)).toMatchObject({ detail: { n: 1, name: 'flap' }, message: expect.stringContaining('given up') })
    flap = 'works'
    expect(await of.batch(alice, batch)).toEqual(answer)
    expect((await of.backend.open(alice, CLIENT, [])).acked).toEqual([2, nonceOf(2)])
  })

  it('is not refused a millisecond before, however often it threw', async () => {
    const of = world()
    expect(await send(of)).toEqual(TRIED_AGAIN)
    for (let time = 0; time < 40; time++) expect(await send(of, POISON_MS / 40 - 1)).toEqual(TRIED_AGAIN)
    expect(await send(of, 39)).toEqual(TRIED_AGAIN)
    expect(await send(of, 1)).toEqual(GIVEN_UP)
  })

  it('is not refused the fourth time, however long ago the first was', async () => {
    const of = world()
    for (let time = 1; time < POISON_FAILURES; time++) expect(await send(of, POISON_MS)).toEqual(TRIED_AGAIN)
    expect(await send(of)).toEqual(GIVEN_UP)
  })

  it('outage as mass refusal: an engine that flaps for a minute refuses nobody, and all of it is done afterwards', async () => {
    const of = world()
    for (let time = 0; time < 31; time++) expect(await send(of, 2000)).toEqual(TRIED_AGAIN)
    flap = 'works'
    expect(await send(of)).toEqual(['1 done', '2 done'])
  })

  it('begins anew with each number and each nonce', async () => {
    const of = world()
    for (let time = 0; time < 4; time++) await send(of, POISON_MS)
    // A new nonce at the same number: another device with this client id, as far as the server can tell.
    expect(await send(of, 0, poison(1, 7))).toEqual(TRIED_AGAIN)
    expect(await send(of)).toEqual(TRIED_AGAIN)
    flap = 'works'
    expect(await send(of)).toEqual(['1 done', '2 done'])
    flap = 'throws'
    for (let time = 0; time < 4; time++) expect(await send(of, POISON_MS, poison(3), addNote(4))).toEqual(['! 3 internal'])
    expect(await send(of, 0, poison(3), addNote(4))).toEqual(['3 rejected', '4 done'])
  })

  it('begins anew where one comes under another number with the nonce it had [M5]', async () => {
    const of = world()
    for (let time = 0; time < 4; time++) await send(of, POISON_MS)
    const again = { ...poison(2), nonce: nonceOf(1) }
    const batch = { client: CLIENT, on: '', mutations: [addNote(1, 7), again] }
    expect(codes(await of.batch(alice, batch))).toEqual(['1 done', '! 2 internal'])
    await of.clock.pass(POISON_MS)
    expect(codes(await of.batch(alice, batch))).toEqual(['1 done', '! 2 internal'])
  })

  it('lets the next one that always throws wait its own ten minutes', async () => {
    const of = world()
    const both = () => send(of, POISON_MS / 5, poison(1), poison(2))
    for (let time = 0; time < 5; time++) expect(await both()).toEqual(TRIED_AGAIN)
    expect(await both()).toEqual(['1 rejected', '! 2 internal'])
    for (let time = 0; time < 4; time++) expect(await both()).toEqual(['1 rejected', '! 2 internal'])
    expect(await both()).toEqual(['1 rejected', '2 rejected'])
  })

  it('is counted across a crash after each count, and by whichever gateway it comes', async () => {
    const memory = memoryChangelog()
    const of = world(memory)
    const other = world(memory)
    expect(await send(of, MINUTE_MS)).toEqual(TRIED_AGAIN)
    for (let time = 0; time < 2; time++) {
      memory.restore(memory.snapshot())
      of.start({ app: flapping })
      expect(await send(of, POISON_MS / 3)).toEqual(TRIED_AGAIN)
      await other.clock.pass(POISON_MS / 3)
    }
    await other.clock.pass(MINUTE_MS)
    expect(await send(other)).toEqual(TRIED_AGAIN)
    expect(await send(other, POISON_MS / 3)).toEqual(GIVEN_UP)
  })

  it('is known to be the first of a client, which belongs to its user from then on', async () => {
    const of = world()
    await send(of)
    expect((await of.backend.open(alice, CLIENT, [])).acked).toEqual([0, ''])
    const stolen = await of.batch(user('bob'), { client: CLIENT, on: '', mutations: [poison(1)] })
    expect(codes(stolen)).toEqual(['! 1 client-conflict'])
  })

  it('costs five writes, however often it is sent', async () => {
    let writes = 0
    const of = world(
      faultyChangelog(memoryChangelog(), 'recordFailure', () => {
        writes += 1
        return false
      }),
    )
    for (let time = 0; time < 100; time++) await send(of)
    expect(writes).toBe(POISON_FAILURES)
  })

  it('does not wait for the hour that a wrong clock told', async () => {
    const of = world()
    const memory = of.changelog
    await memory.write(async (tenant) => {
      const tx = tenant('default')
      await tx.bindClient(CLIENT, 'alice', 0)
      await tx.recordFailure(CLIENT, { n: 1, nonce: nonceOf(1), times: 4, sinceMs: of.clock.nowMs() + 365 * 24 * 3_600_000 })
    })
    expect(await send(of)).toEqual(TRIED_AGAIN)
    expect(await send(of, POISON_MS)).toEqual(GIVEN_UP)
  })
})

describe('[M7] what never counts', () => {
  /** Ten times over an hour it is answered so; then the mutator throws once, and is tried again. */
  async function expectUncounted(of: BackendWorld, code: string, timeMs = 0): Promise<void> {
    for (let time = 0; time < 10; time++) {
      await of.clock.pass(POISON_MS)
      const sent = send(of)
      await of.clock.pass(timeMs)
      expect(await sent).toEqual([`! 1 ${code}`])
    }
    expect(await of.changelog.read('default', (tx) => tx.failure(CLIENT))).toBeUndefined()
  }

  it('a mutator that takes too long', async () => {
    flap = 'hangs'
    await expectUncounted(world(), 'unavailable', MUTATOR_WITHIN_MS)
  })

  it('a changelog that fails at a read of the mutator, at the count itself, or at the commit', async () => {
    const faults: readonly (keyof WriteTransaction)[] = ['document', 'recordFailure', 'client']
    for (const method of faults) await expectUncounted(world(faultyChangelog(memoryChangelog(), method, () => true)), 'unavailable')
    const memory = memoryChangelog()
    const failing: Changelog = {
      ...memory,
      write: (work) =>
        memory.write(async (tenant) => {
          await work(tenant)
          throw new Error('the disk is gone')
        }),
    }
    await expectUncounted(world(failing), 'unavailable')
  })

  it('an access rule that throws, or takes too long', async () => {
    const of = world()
    of.start({ app: flapping, access: { ...everybody(flapping), open: () => Promise.reject(new Error('a bug in the rule')) } })
    await expectUncounted(of, 'internal')
    of.start({ app: flapping, access: { ...everybody(flapping), open: () => new Promise<never>(() => {}) } })
    await expectUncounted(of, 'internal', ACCESS_WITHIN_MS)
  })
})
