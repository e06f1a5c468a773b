import { createSyncServer, type Log, sqliteChangelog } from '@tidemark/server'
import type { Clock } from '@tidemark/shared'
import { API_KEY, API_RECORD, app } from './stored-app.ts'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** A server whose requests come from this process, at a time that stands still. */
export interface OfflineServer {
  readonly errors: readonly unknown[]
  get(user: string, path: string): Promise<Answer>
  mutate(user: string, batch: object): Promise<Answer>
  commit(commits: readonly object[]): Promise<Answer>
  isReady(): Promise<boolean>
  close(): Promise<void>
}

const NOW_MS = 1_763_596_800_000
const clock: Clock = {
  nowMs: () => NOW_MS,
  // A batch is one transaction here, however slow the machine: a group is over after its time.
  monotonicMs: () => 0,
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

/** Throws where the file is refused. */
export function offlineServer(file: string): OfflineServer {
  const errors: unknown[] = []
  const log: Log = { info() {}, warn() {}, error: (detail) => void errors.push(detail) }
  const changelog = sqliteChangelog(file)
  const server = createSyncServer({
    app,
    changelog,
    authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: undefined }),
    access: { room: () => 'write' },
    apiKeys: [API_RECORD],
    clock,
    log,
  })
  const ask = async (bearer: string, path: string, body?: object): Promise<Answer> => {
    const headers = { authorization: `Bearer ${bearer}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await server.hono.request(path, {
      headers,
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    errors,
    get: ask,
    mutate: (user, batch) => ask(user, '/v1/mutations', batch),
    commit: (commits) => ask(API_KEY, '/v1/commits', { commits }),
    isReady: async () => (await server.hono.request('/readyz')).status === 200,
    close: () => server.close(),
  }
}
