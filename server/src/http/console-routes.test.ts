import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, describe, expect, it } from 'vitest'
import { app } from '../../test/backend-world.ts'
import { HttpWorld, refusal } from '../../test/http-world.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { Console } from '../console/console.ts'
import { GATEWAY_BOUNDS } from '../gateway/bounds.ts'
import { consolePage } from './console-page.ts'
import { CONSOLE_QUESTIONS_MAX } from './console-routes.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-console-'))
afterAll(() => rmSync(folder, { recursive: true }))

function withConsole(gate: Promise<void> = Promise.resolve(), options: ConstructorParameters<typeof HttpWorld>[0] = {}): HttpWorld {
  const base = new HttpWorld()
  const { gateway, bus, clock } = base
  const ask = async () => {
    await gate
    return 'read' as const
  }
  return new HttpWorld({
    ...options,
    console: new Console({ app, ask, changelog: memoryChangelog(), gateway, bus, clock, bounds: GATEWAY_BOUNDS, limits: {} }),
  })
}

describe('what the console asks', () => {
  it('is answered with a token in the header alone', async () => {
    const world = withConsole()
    for (const path of ['overview', 'connections', 'spaces', 'spaces/open:1/log', 'users/alice', 'refused', 'limits']) {
      const answer = await world.get(`/v1/console/${path}`)
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-store'])
      expect(await refusal(await world.get(`/v1/console/${path}?token=alice`, {}))).toEqual([401, 'unauthenticated'])
    }
  })

  it('says to whoever asks whether a name is enough to sign in, as far as it is under the name that was asked', async () => {
    const dev = { token: async () => 'token' }
    const development = async (world: HttpWorld, host: string) => await (await world.get('/v1/console/sign-in', { host })).json()
    expect(await development(withConsole(), 'localhost')).toEqual({ development: false })
    expect(await development(withConsole(undefined, { dev }), 'localhost:8787')).toEqual({ development: true })
    expect(await development(withConsole(undefined, { dev }), 'evil.example')).toEqual({ development: false })
  })

  it.each(['connections?after=x', 'connections?after=-1', `spaces?after=${'x'.repeat(300)}`, 'spaces/No/log', 'users/%20'])(
    'as %s is refused as a bad request',
    async (path) => {
      expect(await refusal(await withConsole().get(`/v1/console/${path}`))).toEqual([400, 'bad-request'])
    },
  )

  it('is not there where the server has no console', async () => {
    expect(await refusal(await new HttpWorld().get('/v1/console/overview'))).toEqual([404, 'not-found'])
    expect(await refusal(await new HttpWorld().get('/console', { accept: 'text/html' }))).toEqual([404, 'not-found'])
  })

  it('is answered so many times at once, and no more', async () => {
    let open: () => void = () => {}
    const world = withConsole(
      new Promise((resolve) => {
        open = resolve
      }),
    )
    const waiting = Array.from({ length: CONSOLE_QUESTIONS_MAX }, () => world.get('/v1/console/overview'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await refusal(await world.get('/v1/console/overview'))).toEqual([503, 'unavailable'])
    open()
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200))
    expect((await world.get('/v1/console/overview')).status).toBe(200)
  })
})

describe('the page of the console', () => {
  it('loads without a token, below its path alone, and runs nothing that is inline', async () => {
    const built = join(folder, 'built')
    const page = consolePage(built)
    const hono = new Hono()
    hono.all('*', async (c) => (await page(c)) ?? c.text('of the app', 404))
    hono.onError((error, c) => c.text(error.message, 500))
    const get = (path: string) => Promise.resolve(hono.request(path, { headers: { accept: 'text/html' } }))
    expect(await (await get('/console')).text()).toContain('npm run build:console')

    mkdirSync(join(built, 'assets'), { recursive: true })
    writeFileSync(join(built, 'index.html'), '<!doctype html><title>console</title>')
    writeFileSync(join(built, 'assets', 'index-B1xYz9aQ.js'), 'export {}')
    writeFileSync(join(folder, 'secret.txt'), 'secret')
    for (const path of ['/console', '/console/', '/console/lanes']) {
      const answer = await get(path)
      expect([path, answer.status, await answer.text()]).toEqual([path, 200, '<!doctype html><title>console</title>'])
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      expect(answer.headers.get('x-frame-options')).toBe('DENY')
    }
    expect((await get('/console/assets/index-B1xYz9aQ.js')).headers.get('cache-control')).toContain('immutable')
    for (const path of ['/', '/consoles', '/console/../secret.txt', '/console/..%2fsecret.txt', '/console/assets/none.js'])
      expect([path, await (await get(path)).text()]).toEqual([path, 'of the app'])
  })
})
