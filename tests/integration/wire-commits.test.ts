// Goal: a program in any language writes over HTTP with an API key: once a key, all or none, seen by followers at once. Method: the real
// server process and the real `tidemark keys`, spoken to by somebody who has read the protocol's page.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectBare } from '../harness/bare-client.ts'
import { devToken, freePort, type ServerProcess, startServer } from '../harness/server-process.ts'
import { fresh, newClientId, type WireError } from '../harness/wire-peer.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly error?: WireError
  readonly commits: readonly { readonly in?: Record<string, number>; readonly repeated?: true; readonly error?: WireError }[]
}

let data: string
let port: number
let server: ServerProcess
const keys: string[] = []

const start = () => startServer({ data, port, module: 'tests/harness/wire-backend.ts', env: { TIDEMARK_LOG: 'trace' } })

/** `tidemark keys ...`; what it prints. */
async function tidemarkKeys(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--conditions=@tidemark/source', 'server/src/main.ts', 'keys', ...args, '--data', data], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return stdout.trim()
}

async function newKey(...scopes: string[]): Promise<string> {
  const key = await tidemarkKeys('create', '--name', fresh('shop'), ...scopes.flatMap((scope) => ['--scope', scope]))
  keys.push(key)
  return key
}

async function post(key: string | null, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(`${server.url}/v1/commits`, {
    method: 'POST',
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, ...((await answer.json()) as Pick<Answer, 'commits' | 'error'>) }
}

const put = (space: string, id: string, doc: object = { text: 'hi' }, c = 'open') => ({ space, name: 'put', args: { c, id, doc } })
const commit = (...mutations: object[]) => ({ mutations })
/** Not done twice without a trace. */
const count = (space: string) => ({ space, name: 'patch', args: { c: 'open', id: 'count', inc: { n: 1 } } })
const box = () => `box:${fresh('b')}`

async function pull(space: string, user = 'reader'): Promise<{ head: number; changes: { id: string; v: number; set?: unknown }[] }> {
  const answer = await fetch(`${server.url}/v1/spaces/${space}/changes?since=0`, {
    headers: { authorization: `Bearer ${await devToken(server.url, user)}` },
  })
  return (await answer.json()) as Awaited<ReturnType<typeof pull>>
}

const documentsIn = async (space: string, user?: string) => (await pull(space, user)).changes

const outputs: string[] = []
async function kill(): Promise<void> {
  outputs.push(server.output())
  await server.end('SIGKILL')
  server = await start()
}

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'tidemark-commits-'))
  port = await freePort()
  server = await start()
})
afterAll(async () => {
  const output = [...outputs, server.output()].join('\n')
  await server.end('SIGTERM')
  await rm(data, { recursive: true, force: true })
  // The log at its widest names keys by their ids, and bears no secret.
  expect(output).toContain('commits by API key')
  for (const key of keys) expect(output).not.toContain(key.slice(20))
})

describe('POST /v1/commits', () => {
  it('writes to several spaces at once, as a follower sees without asking', async () => {
    const key = await newKey('commit:*')
    const [here, there] = [box(), box()]
    const follower = await connectBare(server.url)
    const token = await devToken(server.url, 'reader')
    follower.send({ t: 'hello', client: newClientId(), token, spaces: { [here]: [0, ''] }, nextS: 60, app: '1' })
    await follower.expect(({ t }) => t === 'range')
    const { status, commits, headers } = await post(key, { commits: [commit(put(here, 'a'), put(there, 'b'), put(here, 'c'))] })
    expect([status, commits]).toEqual([200, [{ in: { [here]: 1, [there]: 1 } }]])
    expect(headers.get('cache-control')).toBe('no-store')
    const frame = await follower.expect(({ t, to }) => t === 'range' && to === 1)
    expect(frame).toMatchObject({
      space: here,
      from: 0,
      changes: [
        { v: 1, id: 'a', put: { text: 'hi' } },
        { v: 1, id: 'c' },
      ],
    })
    expect(JSON.stringify(frame.changes)).not.toContain('"o"')
    follower.close()
  })

  it('each commit is all or none by itself, and they are answered in their order', async () => {
    const key = await newKey('commit:*')
    const [a, b] = [box(), box()]
    const { commits } = await post(key, {
      commits: [
        commit(put(a, 'one')),
        commit(put(a, 'two'), { space: b, name: 'patch', args: { c: 'open', id: 'nowhere', set: { x: 1 } } }),
        commit({ space: a, name: 'breaks', args: { id: 'three' } }),
        commit({ space: a, name: 'both', args: { other: b, id: 'four' } }),
        commit({ space: a, name: 'nothing', args: {} }),
        commit({ space: a, name: 'unheard', args: {} }),
        commit(put('cellar:1', 'x')),
      ],
    })
    expect(commits).toMatchObject([
      { in: { [a]: 1 } },
      { error: { code: 'rejected', retryable: false } },
      { error: { code: 'internal', retryable: true } },
      { in: { [a]: 2, [b]: 1 } },
      { in: {} },
      { error: { code: 'not-found' } },
      { error: { code: 'not-found' } },
    ])
    expect(JSON.stringify(commits)).not.toContain('secret')
    expect((await documentsIn(a)).map(({ id }) => id)).toEqual(['one', 'four'])
  })

  it('is trusted with presets, and creates on behalf of whom it names', async () => {
    const key = await newKey('commit:box')
    const space = box()
    const { commits } = await post(key, {
      commits: [
        commit(put(space, 'f', {}, 'frozen'), put(space, 's', {}, 'shut')),
        { user: 'alice', ...commit(put(space, 'mine', { a: 1 }, 'own')) },
        commit({ space, name: 'patch', args: { c: 'own', id: 'mine', set: { a: 2 } } }),
        commit(put(space, 'x'.repeat(129))),
        commit(put(space, '$', { $v: 1 })),
        commit(put(space, 'large', { text: 'x'.repeat(300_000) })),
      ],
    })
    expect(commits.map(({ in: versions, error }) => error?.code ?? versions)).toEqual([
      { [space]: 1 },
      { [space]: 2 },
      { [space]: 3 },
      'invalid',
      'invalid',
      'too-large',
    ])
    expect((await documentsIn(space, 'alice')).map(({ id }) => id)).toContain('mine')
    expect((await documentsIn(space, 'bob')).map(({ id }) => id)).not.toContain('mine')
  })

  it('[K1] a key is run once, however often and however many at once it is sent, also over a restart and kill -9', async () => {
    const key = await newKey('commit:box')
    const space = box()
    await post(key, { commits: [commit(put(space, 'count', { n: 0 }))] })
    const order = { commits: [{ key: 'order-17', ...commit(count(space)) }] }
    const all = await Promise.all(Array.from({ length: 8 }, () => post(key, order)))
    expect(all.filter(({ commits }) => commits[0]?.repeated === undefined)).toHaveLength(1)
    const refused = { commits: [{ key: 'order-18', ...commit({ space, name: 'patch', args: { c: 'open', id: 'later', set: {} } }) }] }
    expect((await post(key, refused)).commits).toMatchObject([{ error: { code: 'rejected' } }])
    await post(key, { commits: [commit(put(space, 'later'))] })
    await kill()
    expect((await post(key, order)).commits).toEqual([{ in: { [space]: 2 }, repeated: true }])
    expect((await post(key, refused)).commits).toMatchObject([{ error: { code: 'rejected' }, repeated: true }])
    expect((await pull(space)).head).toBe(3)
  })

  it('[K1] [K3] sent again and again while the server is killed, each order is written once', async () => {
    const key = await newKey('commit:box')
    const space = box()
    const orders = 60
    await post(key, { commits: [commit(put(space, 'count', { n: 0 }))] })
    let isOver = false
    const writer = (async () => {
      for (let n = 0; n < orders; n++) {
        const order = { commits: [{ key: `n${n}`, ...commit(count(space)) }] }
        for (;;) {
          const done = await post(key, order).catch(() => undefined)
          if (done?.status === 200 && done.commits[0]?.in !== undefined) break
          expect([undefined, 503]).toContain(done?.status)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }
      isOver = true
    })()
    let kills = 0
    while (!isOver && kills < 4) {
      await new Promise((resolve) => setTimeout(resolve, 60))
      await kill()
      kills += 1
    }
    await writer
    expect(kills).toBeGreaterThan(1)
    const { head, changes } = await pull(space)
    expect([head, changes.at(-1)?.set]).toEqual([orders + 1, { n: orders }])
  })

  it('[K1] the header Idempotency-Key is the key of the one commit', async () => {
    const key = await newKey('commit:box')
    const space = box()
    const body = { commits: [commit(put(space, 'a'))] }
    expect((await post(key, body, { 'idempotency-key': 'k-1' })).commits).toEqual([{ in: { [space]: 1 } }])
    expect((await post(key, body, { 'idempotency-key': '"k-1"' })).commits).toEqual([{ in: { [space]: 1 }, repeated: true }])
    expect((await post(key, { commits: [{ key: 'k-1', ...commit(put(space, 'a')) }] })).commits).toEqual([
      { in: { [space]: 1 }, repeated: true },
    ])
    for (const [bad, header] of [
      [{ commits: [commit(put(space, 'a')), commit(put(space, 'b'))] }, 'k-2'],
      [{ commits: [{ key: 'k-3', ...commit(put(space, 'a')) }] }, 'k-2'],
      [body, 'two words'],
      [body, ''],
    ] as const) {
      const { status, error } = await post(key, bad, { 'idempotency-key': header })
      expect([header, status, error?.code]).toEqual([header, 400, 'bad-request'])
    }
  })

  it('[K2] a key that stands for something else is key-conflict; the order of fields is nothing else; names of API keys part them', async () => {
    const key = await newKey('commit:box')
    const space = box()
    const order = (doc: object, more: object = {}) => ({ commits: [{ key: 'k', ...more, ...commit(put(space, 'a', doc)) }] })
    await post(key, order({ x: 1, y: { z: 1, w: [1, 2] } }))
    expect((await post(key, order({ y: { w: [1, 2], z: 1 }, x: 1 }))).commits).toMatchObject([{ repeated: true }])
    for (const other of [
      order({ x: 2 }),
      order({ x: 1, y: { z: 1, w: [2, 1] } }),
      order({ x: 1, y: { z: 1, w: [1, 2] } }, { user: 'alice' }),
    ])
      expect((await post(key, other)).commits).toMatchObject([{ error: { code: 'key-conflict', retryable: false } }])
    expect((await post(await newKey('commit:box'), order({ x: 2 }))).commits).toEqual([{ in: { [space]: 2 } }])
  })

  it('[K3] a body that is not one is refused whole, and nothing of it is done', async () => {
    const key = await newKey('commit:*')
    const space = box()
    const good = commit(put(space, 'a'))
    const bad: [unknown, number, string][] = [
      ['', 400, 'bad-request'],
      ['{', 400, 'bad-request'],
      [[], 400, 'bad-request'],
      [{}, 400, 'bad-request'],
      [{ commits: [] }, 400, 'bad-request'],
      [{ commits: [good, {}] }, 400, 'bad-request'],
      [{ commits: [good, { mutations: [] }] }, 400, 'bad-request'],
      [{ commits: [good, { ...good, idempotencyKey: 'misspelt' }] }, 400, 'bad-request'],
      [{ commits: [good, { ...good, key: 'a b' }] }, 400, 'bad-request'],
      [{ commits: [good, { ...good, user: '' }] }, 400, 'bad-request'],
      [{ commits: [good, commit({ ...put(space, 'b'), space: 'Box:1' })] }, 400, 'bad-request'],
      [{ commits: [good, commit({ space, name: 'put' })] }, 400, 'bad-request'],
      [{ commits: Array.from({ length: 101 }, () => good) }, 400, 'bad-request'],
      [{ commits: [{ mutations: Array.from({ length: 501 }, () => put(space, 'a')) }] }, 400, 'bad-request'],
      [{ commits: Array.from({ length: 2 }, () => ({ mutations: Array.from({ length: 251 }, () => put(space, 'a')) })) }, 413, 'too-large'],
      [`{"commits":${'['.repeat(100)}${']'.repeat(100)}}`, 413, 'too-large'],
      [{ commits: [commit(put(space, 'a', { text: 'x'.repeat(1_100_000) }))] }, 413, 'too-large'],
    ]
    for (const [at, [body, status, code]] of bad.entries()) {
      const answer = await post(key, body)
      expect([at, answer.status, answer.error?.code]).toEqual([at, status, code])
    }
    expect(await documentsIn(space)).toEqual([])
  })

  it('[K4] does what its scopes allow, where a mutator writes too, and a refusal for a scope is not kept', async () => {
    const [mine, other] = [box(), box()]
    const narrow = await newKey(`commit:${mine}`, 'commit:room')
    const { commits } = await post(narrow, {
      commits: [
        commit(put(mine, 'a')),
        commit(put(other, 'a')),
        commit(put(mine, 'b'), put(other, 'b')),
        // Would write nothing, and must not tell that either.
        commit({ space: other, name: 'delete', args: { c: 'open', id: 'nothing' } }),
        { key: 'wide', ...commit({ space: mine, name: 'both', args: { other, id: 'c' } }) },
      ],
    })
    expect(commits.map(({ in: versions, error }) => error?.code ?? versions)).toEqual([
      { [mine]: 1 },
      'forbidden',
      'forbidden',
      'forbidden',
      'forbidden',
    ])
    expect((await post(narrow, { commits: [{ key: 'wide', ...commit(put(mine, 'c')) }] })).commits).toEqual([{ in: { [mine]: 2 } }])
    expect((await documentsIn(mine)).map(({ id }) => id)).toEqual(['a', 'c'])
    expect(await documentsIn(other)).toEqual([])
  })

  it('[K4] without a good key is unauthenticated, whatever the body; a revoked key at once; a token is no key and a key no token', async () => {
    const key = await newKey('commit:*')
    const body = { commits: [commit(put(box(), 'a'))] }
    expect((await post(key, body)).status).toBe(200)
    await tidemarkKeys('revoke', key.slice(3, 19))
    const other = await newKey('commit:*')
    const texts = new Set<string | undefined>()
    for (const bad of [
      key,
      `${other.slice(0, -1)}!`.replace('!', other.endsWith('A') ? 'E' : 'A'),
      `tm_${'0'.repeat(16)}_${'A'.repeat(43)}`,
      await devToken(server.url, 'alice'),
    ]) {
      const { status, error } = await post(bad, '{')
      expect([status, error?.code]).toEqual([401, 'unauthenticated'])
      texts.add(error?.message)
    }
    expect(texts.size).toBe(1)
    expect((await post(null, body)).status).toBe(401)
    const asToken = await fetch(`${server.url}/v1/spaces/${box()}/changes?since=0`, { headers: { authorization: `Bearer ${other}` } })
    expect(asToken.status).toBe(401)
  })

  it('[K4] is not for pages: an Origin is forbidden, and no answer bears a CORS header', async () => {
    const key = await newKey('commit:*')
    const body = { commits: [commit(put(box(), 'a'))] }
    for (const origin of [server.url, 'http://elsewhere.example', 'null']) {
      const { status, headers, error } = await post(key, body, { origin })
      expect([status, error?.code, headers.get('access-control-allow-origin')]).toEqual([403, 'forbidden', null])
      const preflight = await fetch(`${server.url}/v1/commits`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([403, null])
    }
    expect((await post(key, body)).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('counts its commits apart from those of clients', async () => {
    const before = await metric()
    await post(await newKey('commit:*'), { commits: [commit(put(box(), 'a')), commit(put(box(), 'a'))] })
    expect((await metric()) - before).toBe(2)
  })
})

async function metric(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(/^tidemark_commits_total\{source="api"\} (\d+)$/m.exec(text)?.[1])
}
