import { copyFileSync, statSync } from 'node:fs'
import { sqliteChangelog } from '@tidemark/server'
import { toVersion } from '@tidemark/shared'
import { type Answer, offlineServer } from './offline-server.ts'

export const SPACES = ['room:a', 'room:b'] as const
export const USERS = ['alice', 'bob'] as const
const CLIENTS = { alice: 'c_AAAAAAAAAAAAAAAAAAAAAA', bob: 'c_BBBBBBBBBBBBBBBBBBBBBB' } as const
const STUCK_CLIENT = 'c_SSSSSSSSSSSSSSSSSSSSSS'
/** Its mutations come last, on top of the damage. */
export const LATE_CLIENT = 'c_LLLLLLLLLLLLLLLLLLLLLL'

type Item = readonly [space: string, name: string, args: object]

/** The mutations of one client, as a batch; numbers begin at `from`. */
export const batchOf = (client: string, items: readonly Item[], from = 1) => ({
  client,
  on: from === 1 ? '' : nonceOf(from - 1),
  mutations: items.map(([space, name, args], at) => ({ n: from + at, nonce: nonceOf(from + at), space, name, args, madeMs: 1 })),
})
const nonceOf = (n: number) => n.toString(16).padStart(16, '0')

const put = (space: string, c: string, id: string, text: string): Item => [space, 'put', { c, id, doc: { text } }]
const erase = (space: string, c: string, id: string): Item => [space, 'delete', { c, id }]

/** What each of the two does, in the order in which it does it; some are refused. */
function workOf(user: (typeof USERS)[number]): readonly Item[] {
  const items: Item[] = []
  for (let at = 0; at < 14; at++) {
    const where = SPACES[at % 2] as string
    items.push(put(where, 'notes', `${user}-n${at}`, 'n'.repeat(30 + at * 20)), put(where, 'recent', `${user}-r${at}`, `recent ${at}`))
    if (at % 3 === 0) items.push(put(where, 'own', `${user}-o${at}`, 'a secret'), erase(where, 'notes', `${user}-n${Math.max(0, at - 4)}`))
    if (at % 4 === 1) items.push(['room:a', 'both', { id: `${user}-b${at}`, other: 'room:b' }])
    if (at % 5 === 2) items.push(['room:a', 'patch', { c: 'notes', id: 'nowhere', set: { text: 'x' } }])
    if (at % 2 === 1) items.push([where, 'patch', { c: 'recent', id: `${user}-r${at}`, inc: { stars: at } }])
  }
  return items
}
export const WORK = { alice: workOf('alice'), bob: workOf('bob') }
export const BATCHES = USERS.map((user) => ({ user, batch: batchOf(CLIENTS[user], WORK[user]) }))
export const STUCK = batchOf(STUCK_CLIENT, [['room:a', 'breaks', {}]])
export const ORDERS = [1, 2, 3].map((n) => ({
  key: `order-${n}`,
  mutations: SPACES.map((space) => ({ space, name: 'put', args: { c: 'notes', id: `order-${n}`, doc: { text: `${n}` } } })),
}))

/** A file with most of the work in its tables, and the rest of it in its write-ahead log, a transaction at a time. */
export interface FilledFile {
  /** Lies there with `-wal` and `-shm`, as its process left them when it was killed. */
  readonly file: string
  /** Bytes of the log after each of its transactions, beginning with none. */
  readonly walEnds: readonly number[]
}

const LOGGED_STEPS = 10

/** Copies of the files of a living server that rests are what its death would leave. */
export async function fillFile(living: string, file: string): Promise<FilledFile> {
  const steps = USERS.map((user) => Math.floor(WORK[user].length * 0.7))
  let server = offlineServer(living)
  for (const [at, user] of USERS.entries()) {
    for (let from = 0; from < (steps[at] as number); from += 4) {
      const items = WORK[user].slice(from, Math.min(from + 4, steps[at] as number))
      await expectDone(server.mutate(user, batchOf(CLIENTS[user], items, from + 1)))
    }
  }
  await server.mutate('alice', STUCK)
  await expectDone(server.commit(ORDERS.slice(0, 2)))
  await server.close()
  const changelog = sqliteChangelog(living)
  await changelog.write((tenant) => tenant('default').trim('room:b', toVersion(6), toVersion(3)))
  await changelog.close()

  server = offlineServer(living)
  const walEnds = [sizeOf(`${living}-wal`)]
  for (let step = 0; step < LOGGED_STEPS; step++) {
    const user = USERS[step % 2] as (typeof USERS)[number]
    const from = (steps[step % 2] as number) + 3 * Math.floor(step / 2)
    await expectDone(
      server.mutate(user, batchOf(CLIENTS[user], WORK[user].slice(from, step >= LOGGED_STEPS - 2 ? undefined : from + 3), from + 1)),
    )
    walEnds.push(sizeOf(`${living}-wal`))
  }
  await expectDone(server.commit(ORDERS))
  walEnds.push(sizeOf(`${living}-wal`))
  for (const part of ['', '-wal', '-shm']) copyFileSync(`${living}${part}`, `${file}${part}`)
  await server.close()
  return { file, walEnds }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

async function expectDone(answer: Promise<Answer>): Promise<void> {
  const { status, text } = await answer
  if (status !== 200 || /"(unavailable|internal|out-of-order)"/.test(text))
    throw new Error(`the file could not be filled: ${status} ${text}`)
}
