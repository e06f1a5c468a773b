// The real server on SQLite, as `createSyncServer` and `serve` wire it.
import { join } from 'node:path'
import { createSyncServer, jwt, serve, sqliteChangelog } from '@tidemark/server'
import { access, app } from '../chat.ts'
import { underTest } from '../measure/under-test.ts'
import { SECRET } from '../token.ts'

export interface TidemarkReady {
  readonly url: string
}
/** Write transactions of the changelog so far. */
export type Groups = number

const { data, page } = JSON.parse(process.argv[2] ?? '{}') as { data: string; page?: string }

const changelog = sqliteChangelog(join(data, 'tidemark.db'))
let groups: Groups = 0
const server = createSyncServer({
  app,
  access,
  changelog: {
    ...changelog,
    write(work) {
      groups += 1
      return changelog.write(work)
    },
  },
  authenticate: jwt({ secret: SECRET, algorithms: ['HS256'] }),
  ...(page === undefined ? {} : { page }),
})

/** Answers of the floor of a first sync, ready to leave. */
let pages: readonly string[] = []
server.hono.get('/floor/:page', (c) => c.body(pages[Number(c.req.param('page'))] ?? 'null', 200, { 'content-type': 'application/json' }))

const { url } = await serve(server, { port: 0 })
underTest({ url } satisfies TidemarkReady, {
  groups: () => groups,
  pages: (given: readonly string[]) => {
    pages = given
  },
})
