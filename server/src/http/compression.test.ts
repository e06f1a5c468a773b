import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpWorld } from '../../test/http-world.ts'
import { unfolded } from '../../test/unfolded.ts'

const PULL = '/v1/spaces/room:a/changes?since=0'
const CLIENT = `c_${'A'.repeat(22)}`
const alice = { authorization: 'Bearer alice' }
const accepting = (encoding: string) => ({ ...alice, 'accept-encoding': encoding })

/** A space with a range of about 5 kB in it. */
function world(options: ConstructorParameters<typeof HttpWorld>[0] = {}): HttpWorld {
  const world = new HttpWorld(options)
  world.backend.padding = 'x'.repeat(5000)
  world.backend.commit('room:a', 'one')
  return world
}

async function read(answer: Response): Promise<string> {
  const bytes = new Uint8Array(await answer.arrayBuffer())
  expect(answer.headers.get('content-length') ?? String(bytes.length)).toBe(String(bytes.length))
  return unfolded(answer.headers.get('content-encoding'), bytes)
}

describe('compression', () => {
  it.each([
    ['zstd', 'zstd'],
    ['br', 'br'],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1, zstd;q=0.5', 'gzip'],
    ['deflate', null],
    ['identity', null],
    ['gzip;q=0', null],
  ])('Accept-Encoding: %s is answered in %s, with the same text', async (accept, encoding) => {
    const plain = await (await world().get(PULL)).text()
    const answer = await world().get(PULL, accepting(accept))
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(answer.headers.get('vary')).toContain('Accept-Encoding')
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await read(answer)).toBe(plain)
  })

  it('who sends no Accept-Encoding is answered as it is, and caches are told', async () => {
    const answer = await world().get(PULL)
    expect([answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual([null, 'Origin, Accept-Encoding'])
  })

  it('what fits in one packet leaves as it is; so do errors', async () => {
    const small = await world().get('/v1/spaces/room:b/changes?since=0', accepting('zstd'))
    expect([small.headers.get('content-encoding'), small.headers.get('content-length')]).toEqual([
      null,
      String((await small.text()).length),
    ])
    const error = await world().get('/v1/spaces/room:b/changes?since=x', accepting('zstd'))
    expect([error.status, error.headers.get('content-encoding')]).toEqual([400, null])
  })

  it.each(['zstd', 'br', 'gzip'])(
    'a crowd that pulls the same is served from one compression in %s, each with its own acked',
    async (encoding) => {
      const crowded = world()
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          crowded.get(n % 2 === 0 ? PULL : `${PULL}&client=${CLIENT}`, { ...accepting(encoding), authorization: `Bearer user${n}` }),
        ),
      )
      const texts = new Set(await Promise.all(answers.map(read)))
      expect([...texts].map((text) => JSON.parse(text).acked)).toEqual([undefined, [0, '']])
      expect(crowded.compression.bodies.made).toBe(1)
      expect((await crowded.get(PULL, accepting(encoding))).headers.get('content-length')).not.toBeNull()
    },
  )

  it('a body that is kept is for nobody whom the backend did not give the same text', async () => {
    const shared = world()
    await read(await shared.get(PULL, accepting('gzip')))
    const asked = shared.backend.asked.length
    expect((await shared.get(PULL, { authorization: 'Bearer bad', 'accept-encoding': 'gzip' })).status).toBe(401)
    await read(await shared.get(PULL, accepting('gzip')))
    expect(shared.backend.asked).toHaveLength(asked + 1)
    shared.backend.commit('room:a', 'two')
    expect(await read(await shared.get(PULL, accepting('gzip')))).toContain('two')
    expect(shared.compression.bodies.made).toBe(2)
  })

  it('HEAD has the headers of GET and no body', async () => {
    for (const path of [PULL, '/metrics']) {
      const answer = await world().hono.request(path, { method: 'HEAD', headers: accepting('br') })
      expect([answer.status, answer.headers.get('content-encoding'), await answer.text()]).toEqual([200, 'br', ''])
    }
  })

  it('answers of routes that an app adds are compressed as they stream, events are not', async () => {
    const own = world()
    own.hono.get('/report', (c) => c.text('line\n'.repeat(1000)))
    own.hono.get('/events', (c) => c.body('data: x\n\n'.repeat(1000), 200, { 'content-type': 'text/event-stream' }))
    own.hono.get('/picture', (c) => c.body('x'.repeat(5000), 200, { 'content-type': 'image/png' }))
    own.hono.get('/as-it-is', (c) => c.text('x'.repeat(5000), 200, { 'cache-control': 'no-transform' }))
    const report = await own.get('/report', accepting('br'))
    expect([report.headers.get('content-encoding'), await read(report)]).toEqual(['br', 'line\n'.repeat(1000)])
    for (const path of ['/events', '/picture', '/as-it-is'])
      expect((await own.get(path, accepting('br'))).headers.get('content-encoding')).toBeNull()
  })
})

describe('compression of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-compression-'))
  const script = `export const text = '${'tide '.repeat(2000)}'`
  beforeAll(() => {
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>page</title>')
    writeFileSync(join(folder, 'assets', 'index-B1xYz9aQ.js'), script)
    writeFileSync(join(folder, 'assets', 'large-B1xYz9aQ.js'), script.repeat(500))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('a file is compressed once, and again when it is another', async () => {
    const paged = world({ page: folder })
    const path = '/assets/index-B1xYz9aQ.js'
    for (let times = 0; times < 5; times++) {
      const answer = await paged.get(path, accepting('br'))
      expect([answer.status, answer.headers.get('content-encoding'), answer.headers.get('vary')]).toEqual([200, 'br', 'Accept-Encoding'])
      expect(await read(answer)).toBe(script)
    }
    expect(paged.compression.bodies.made).toBe(1)
    writeFileSync(join(folder, 'assets', 'index-B1xYz9aQ.js'), `${script}//`)
    expect(await read(await paged.get(path, accepting('br')))).toBe(`${script}//`)
  })

  it('304 says the same of caches, and has no body to compress', async () => {
    const paged = world({ page: folder })
    const etag = (await paged.get('/assets/index-B1xYz9aQ.js', {})).headers.get('etag') ?? ''
    for (const known of [etag, `"other", ${etag}`, etag.slice(2), '*']) {
      const again = await paged.get('/assets/index-B1xYz9aQ.js', { ...accepting('br'), 'if-none-match': known })
      expect([again.status, again.headers.get('content-encoding'), again.headers.get('vary')]).toEqual([304, null, 'Accept-Encoding'])
    }
    expect((await paged.get('/assets/index-B1xYz9aQ.js', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  it('a file too large to keep is compressed for its reader alone', async () => {
    const paged = world({ page: folder })
    const answer = await paged.get('/assets/large-B1xYz9aQ.js', accepting('zstd'))
    expect((await read(answer)).length).toBe(script.length * 500)
    expect(paged.compression.bodies.keptBytes).toBe(0)
  })
})
