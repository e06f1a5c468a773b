import { BATCHES, batchOf, LATE_CLIENT, ORDERS, SPACES, STUCK } from './filled-file.ts'
import { type Answer, type OfflineServer, offlineServer } from './offline-server.ts'

/** What a server says of one file, question by question: first what only reads, then what was sent before, then something new, then reads again. */
export interface Asked {
  /** Why it does not serve the file at all. */
  readonly refused?: unknown
  /** What alice reads, and bob. From then on bob alone is asked. */
  readonly reads: readonly Answer[]
  readonly readsOfBob: readonly Answer[]
  /** Everything that was done, sent again. */
  readonly repeated: readonly Answer[]
  readonly wrote: Answer | undefined
  readonly readsAfter: readonly Answer[]
  /** Something was logged that a sound file does not log. */
  readonly isLogged: boolean
  readonly isReady: boolean
  /** What is read when the file was closed and opened once more. */
  readonly reopened: { readonly refused?: unknown; readonly reads: readonly Answer[] }
}

const NOTHING: Asked = {
  reads: [],
  readsOfBob: [],
  repeated: [],
  wrote: undefined,
  readsAfter: [],
  isLogged: false,
  isReady: false,
  reopened: { reads: [] },
}

/** On documents that were there, one that was not, and on both spaces at once. */
const LATE = batchOf(LATE_CLIENT, [
  ['room:a', 'patch', { c: 'notes', id: 'alice-n12', set: { text: 'late' } }],
  ['room:b', 'delete', { c: 'recent', id: 'alice-r13' }],
  ['room:a', 'put', { c: 'recent', id: 'late', doc: { text: 'late' } }],
  ['room:a', 'both', { id: 'late', other: 'room:b' }],
])

const PAGE = 20

/** Where copies stood that ask again, by user and space. */
export type Standings = ReadonlyMap<string, { readonly since: number; readonly seal: string }>

export async function ask(file: string, standings: Standings): Promise<Asked> {
  let server: OfflineServer
  try {
    server = offlineServer(file)
  } catch (refused) {
    return { ...NOTHING, refused }
  }
  try {
    const reads = await readAll(server, 'alice', standings)
    const readsOfBob = await readAll(server, 'bob', standings)
    const repeated: Answer[] = []
    for (const { user, batch } of BATCHES) repeated.push(await server.mutate(user, batch))
    repeated.push(await server.mutate('alice', STUCK), await server.commit(ORDERS))
    const wrote = await server.mutate('alice', LATE)
    const readsAfter = await readAll(server, 'bob', standings)
    const isReady = await server.isReady()
    // That a mutator threw is logged either way.
    const isLogged = server.errors.length > 1
    await server.close().catch((error: unknown) => error)
    return { reads, readsOfBob, repeated, wrote, readsAfter, isLogged, isReady, reopened: await reopened(file, standings) }
  } finally {
    await server.close().catch((error: unknown) => error)
  }
}

async function reopened(file: string, standings: Standings): Promise<Asked['reopened']> {
  let server: OfflineServer
  try {
    server = offlineServer(file)
  } catch (refused) {
    return { refused, reads: [] }
  }
  try {
    return { reads: await readAll(server, 'bob', standings) }
  } finally {
    await server.close().catch((error: unknown) => error)
  }
}

/** Every space as a user reads it: whole, in small pages, windows cut and not, from where a copy stood, and what is older. */
async function readAll(server: OfflineServer, user: string, standings: Standings): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (const space of SPACES) {
    const path = `/v1/spaces/${space}`
    for (const window of ['default', 'all']) answers.push(...(await pages(server, user, `${path}/changes?limit=${PAGE}&window=${window}`)))
    const { since = 0, seal = '' } = standings.get(`${user} ${space}`) ?? {}
    answers.push(await server.get(user, `${path}/changes?since=${since}&seal=${seal}&client=${BATCHES[0]?.batch.client}`))
    for (const before of [9, 40]) answers.push(await server.get(user, `${path}/collections/recent/older?before=${before}&limit=3`))
  }
  return answers
}

const PAGES_MAX = 30

async function pages(server: OfflineServer, user: string, path: string): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (let since = 0, seal = ''; answers.length < PAGES_MAX; ) {
    const answer = await server.get(user, `${path}&since=${since}&seal=${encodeURIComponent(seal)}`)
    answers.push(answer)
    if (answer.status !== 200) break
    const page = JSON.parse(answer.text) as { to: number; head: number; seal: string }
    if (page.to >= page.head) break
    since = page.to
    seal = page.seal
  }
  return answers
}
