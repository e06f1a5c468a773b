import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidemark-page-'))
const page = join(folder, 'dist')

beforeAll(() => {
  mkdirSync(join(page, 'assets'), { recursive: true })
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(page, 'sw.js'), 'self.skipWaiting()')
  writeFileSync(join(page, 'manifest.webmanifest'), '{}')
  writeFileSync(join(page, 'assets', 'index-B1xYz9aQ.js'), 'export {}')
  writeFileSync(join(folder, 'secret.txt'), 'secret')
})
afterAll(() => rmSync(folder, { recursive: true }))

const html = { accept: 'text/html,application/xhtml+xml' }

describe('the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', 'no-cache'],
    ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
    ['/sw.js', 'text/javascript; charset=utf-8', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json', 'no-cache'],
    ['/assets/index-B1xYz9aQ.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/rooms/lobby', 'text/html; charset=utf-8', 'no-cache'],
  ])('%s is %s, %s', async (path, type, cache) => {
    const answer = await new HttpWorld({ page }).get(path, html)
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, type, cache])
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })

  it('is not sent again to a browser that has it', async () => {
    const world = new HttpWorld({ page })
    const etag = (await world.get('/', html)).headers.get('etag') ?? ''
    const again = await world.get('/', { ...html, 'if-none-match': etag })
    expect([again.status, await again.text(), again.headers.get('cache-control')]).toEqual([304, '', 'no-cache'])
  })

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/....//secret.txt',
    '//secret.txt',
    '/%00',
    '/assets',
  ])('%s leads nowhere outside', async (path) => {
    const answer = await new HttpWorld({ page }).hono.request(new Request(`http://localhost${path}`))
    expect(await answer.text()).not.toContain('secret\n')
    expect(answer.status).toBe(404)
  })

  it('stands in for no file that is missing, and for nothing under /v1', async () => {
    const world = new HttpWorld({ page })
    expect(await refusal(await world.get('/assets/gone-AAAAAAAA.js', html))).toEqual([404, 'not-found'])
    expect(await refusal(await world.get('/v1/nothing', html))).toEqual([404, 'not-found'])
    expect(await refusal(await world.post('/rooms/lobby', 'x', html))).toEqual([404, 'not-found'])
  })

  it('that was never built is said at the start', () => {
    expect(() => new HttpWorld({ page: join(folder, 'nothing') })).toThrow(/build the page first/)
  })
})
