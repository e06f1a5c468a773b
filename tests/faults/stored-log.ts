import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

export interface StoredCommit {
  readonly version: number
  readonly origin: string | null
  readonly changes: readonly {
    readonly c: string
    readonly id: string
    readonly put?: object
    readonly set?: object
    readonly del?: true
  }[]
}

export interface StoredSpace {
  readonly head: { readonly version: number; readonly seal: string }
  readonly commits: readonly StoredCommit[]
  /** Living documents, by collection and id. */
  readonly documents: ReadonlyMap<string, object>
}

/**
 * What a server that ended left in its file, read with SQLite alone. Throws where the log is no chain: a number that is missing or
 * there twice, a seal that does not follow from the one before it and the bytes of its commit.
 */
export function storedSpace(file: string, space: string): StoredSpace {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const commits: StoredCommit[] = []
    let seal = '00000000'
    for (const row of db.prepare('select version, seal, body from commits where space = ? order by version').iterate(space)) {
      const version = row.version as number
      const body = row.body as string
      seal = createHash('sha256').update(`${seal}${body}`).digest('hex').slice(0, 8)
      if (version !== commits.length + 1 || row.seal !== seal) throw new Error(`${space} ${version} does not follow ${commits.length}`)
      commits.push({ version, ...partsOf(body) })
    }
    const head = db.prepare('select version, seal from spaces where space = ?').get(space) ?? { version: 0, seal: '00000000' }
    if (head.version !== commits.length || head.seal !== seal) throw new Error(`the head of ${space} is not its last commit`)
    const documents = new Map<string, object>()
    for (const row of db.prepare('select collection, id, doc from documents where space = ? and doc is not null').iterate(space))
      documents.set(`${row.collection}/${row.id}`, JSON.parse(row.doc as string) as object)
    return { head: { version: commits.length, seal }, commits, documents }
  } finally {
    db.close()
  }
}

/** See server/src/changelog/commit-body.ts. */
function partsOf(body: string): Pick<StoredCommit, 'origin' | 'changes'> {
  const lineEnd = body.indexOf('\n')
  const [origin, ...parts] = JSON.parse(body.slice(0, lineEnd)) as [string | null, ...[string, string, number][]]
  let at = lineEnd + 1
  const changes = parts.map(([, , length]) => {
    at += length
    return JSON.parse(body.slice(at - length, at)) as StoredCommit['changes'][number]
  })
  return { origin, changes }
}
