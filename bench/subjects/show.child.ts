// The real server on SQLite with a show: one lane, and documents in the same space.
import { join } from 'node:path'
import { createSyncServer, jwt, serve, sqliteChangelog, sqliteLaneStore } from '@tidemark/server'
import { underTest } from '../measure/under-test.ts'
import { showAccess, showApp } from '../show.ts'
import { SECRET } from '../token.ts'

export interface ShowReady {
  readonly url: string
}

const { data, cap } = JSON.parse(process.argv[2] ?? '{}') as { data: string; cap: number }
/** Those who speak here stand for many. */
const PACE = { perS: 100_000, burst: 100_000 }

const server = createSyncServer({
  app: showApp(cap),
  access: showAccess,
  changelog: sqliteChangelog(join(data, 'tidemark.db')),
  lanes: { store: sqliteLaneStore(join(data, 'tidemark-lanes.db')), paces: { lane: PACE, all: PACE } },
  authenticate: jwt({ secret: SECRET, algorithms: ['HS256'] }),
})
const { url } = await serve(server, { port: 0 })
underTest({ url } satisfies ShowReady, {})
