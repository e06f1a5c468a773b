// Goal: many mutations in one write, bounded, and all right when that write fails.
import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it, vi } from 'vitest'
import { addNote, type app, BackendWorld, CLIENT, clientOf, codes, item, user } from '../../test/backend-world.ts'
import { settle } from '../../test/virtual-clock.ts'
import type { Changelog } from '../changelog/changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import {
  COMMITS_AT_ONCE_MAX,
  GROUP_MS_MAX,
  GROUP_MUTATIONS_MAX,
  QUEUE_COMMIT_MUTATIONS_MAX,
  QUEUE_MUTATIONS_MAX,
  REST_AFTER_MS,
} from './bounds.ts'
import { type CommitTransaction, serverCommits } from './server-commits.ts'

const alice = user('alice')

function countedChangelog(): Changelog & { readonly writes: number } {
  const memory = memoryChangelog()
  let writes = 0
  return {
    ...memory,
    get writes() {
      return writes
    },
    write(work) {
      writes += 1
      return memory.write(work)
    },
  }
}

describe('group commit', () => {
  it('puts whatever waits into one write transaction', async () => {
    const changelog = countedChangelog()
    const world = new BackendWorld({ changelog })
    const users = Array.from({ length: 50 }, (_, at) => user(`u${at}`))
    const answers = await Promise.all(users.map((who) => world.batch(who, { client: clientOf(who), on: '', mutations: [addNote(1)] })))
    expect(answers.every(({ acks }) => acks.length === 1)).toBe(true)
    expect(changelog.writes).toBeLessThanOrEqual(2)
  })

  it('waits for what has arrived and was not read yet', async () => {
    const changelog = countedChangelog()
    const turns: (() => void)[] = []
    const world = new BackendWorld({ changelog, turn: () => new Promise((resolve) => turns.push(resolve)) })
    const answers: Promise<unknown>[] = []
    for (const name of ['u1', 'u2', 'u3']) {
      answers.push(world.batch(user(name), { client: clientOf(user(name)), on: '', mutations: [addNote(1)] }))
      await settle()
    }
    expect([changelog.writes, turns.length]).toEqual([0, 1])
    turns[0]?.()
    await Promise.all(answers)
    expect(changelog.writes).toBe(1)
  })

  it('answers unavailable, with what was acknowledged before, when a write cannot be stored, and works again after', async () => {
    const memory = memoryChangelog()
    let isDown = true
    const world = new BackendWorld({
      changelog: {
        ...memory,
        async write(work) {
          if (!isDown) return memory.write(work)
          await memory.write(work).catch(() => undefined)
          throw new UnavailableError('the disk is full')
        },
      },
    })
    const lost = memory.snapshot()
    const batch = { client: CLIENT, on: '', mutations: [addNote(1), addNote(2)] }
    expect(await world.batch(alice, batch)).toMatchObject({ acks: [], error: { code: 'unavailable', n: 1 } })
    expect(world.hints).toEqual([])
    isDown = false
    memory.restore(lost)
    expect(codes(await world.batch(alice, batch))).toEqual(['1 done', '2 done'])
  })

  it('is over after its time: the rest of a long batch waits for the next, behind who came meanwhile, and is answered as one', async () => {
    const changelog = countedChangelog()
    const world = new BackendWorld({ changelog })
    let nowMs = 0
    vi.spyOn(world.clock, 'monotonicMs').mockImplementation(() => {
      nowMs += GROUP_MS_MAX / 10
      return nowMs
    })
    const long = Array.from({ length: 30 }, (_, at) => addNote(at + 1))
    const bob = user('bob')
    const [answer, other] = await Promise.all([
      world.batch(alice, { client: CLIENT, on: '', mutations: long }),
      world.batch(bob, { client: clientOf(bob), on: '', mutations: [item(1, 'open:1', 'add', { id: 'b', text: 'x' })] }),
    ])
    expect(codes(answer)).toEqual(long.map(({ n }) => `${n} done`))
    expect(changelog.writes).toBeGreaterThan(3)
    expect(other.acks[0]?.in?.['open:1']).toBeLessThan(15)
    expect((await world.head('open:1')).version).toBe(31)
  })

  it('[M1] a mutation that alone takes longer is done all the same, and so is a batch of such', async () => {
    const world = new BackendWorld()
    let nowMs = 0
    vi.spyOn(world.clock, 'monotonicMs').mockImplementation(() => {
      nowMs += GROUP_MS_MAX * 2
      return nowMs
    })
    const answer = await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1), addNote(2), addNote(3)] })
    expect(codes(answer)).toEqual(['1 done', '2 done', '3 done'])
  })

  it('refuses more than may wait, and says when to come again', async () => {
    const world = new BackendWorld()
    const mutations = Array.from({ length: 100 }, (_, at) => item(at + 1, 'open:1', 'delete', { c: 'notes', id: 'x' }))
    const batches = Array.from({ length: QUEUE_MUTATIONS_MAX / 100 + 1 }, (_, at) =>
      world.backend.mutate(user(`u${at}`), { client: clientOf(user(`u${at}`)), on: '', mutations }),
    )
    const results = await Promise.allSettled(batches)
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', afterMs: expect.any(Number) } })
  })
})

describe('commits of a backend beside mutations', () => {
  it('share their writes, and a flood of them neither refuses a client nor keeps it waiting long', async () => {
    const changelog = countedChangelog()
    const world = new BackendWorld({ changelog })
    const server = serverCommits<typeof app>(world.backend.commits)
    const many = Array.from({ length: COMMITS_AT_ONCE_MAX }, (_, at) => ({
      space: 'open:1' as const,
      run: (tx: CommitTransaction<typeof app, 'open:1'>) => tx.notes.put(`n${at}`, { text: 'x' }),
    }))
    const flood = Promise.allSettled(Array.from({ length: 20 }, () => server.commitMany(many)))
    const [ack] = (await world.batch(alice, { client: CLIENT, on: '', mutations: [addNote(1)] })).acks
    expect(ack?.in).toBeDefined()
    expect(changelog.writes).toBeLessThanOrEqual(QUEUE_COMMIT_MUTATIONS_MAX / GROUP_MUTATIONS_MAX + 1)
    const refused = (await flood).filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(20 - QUEUE_COMMIT_MUTATIONS_MAX / COMMITS_AT_ONCE_MAX)
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable', afterMs: expect.any(Number) } })
  })

  it('let the event loop go round while they are run: nobody else is kept waiting for what must be one write', async () => {
    let turns = 0
    const world = new BackendWorld({
      turn: async () => {
        turns += 1
      },
    })
    let nowMs = 0
    vi.spyOn(world.clock, 'monotonicMs').mockImplementation(() => {
      nowMs += REST_AFTER_MS / 2
      return nowMs
    })
    const put = (at: number) => ({
      space: 'open:1' as const,
      run: (tx: CommitTransaction<typeof app, 'open:1'>) => tx.notes.put(`n${at}`, { text: 'x' }),
    })
    const many = Array.from({ length: 20 }, (_, at) => put(at))
    const ended = await serverCommits<typeof app>(world.backend.commits).commitMany(many)
    expect(ended.every(({ error }) => error === undefined)).toBe(true)
    expect(turns).toBeGreaterThan(5)
  })
})
