import { statSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Context, MiddlewareHandler } from 'hono'
import { vary } from './compression.ts'
import { isKnown } from './if-none-match.ts'

/** Scripts, styles and connections of the page's own server only; what is inline, but for styles, does not run. */
const CONTENT_SECURITY_POLICY: string = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

/** Named after its content, so that it never changes: `assets/index-B1xYz9aQ.js`. */
const HASHED = /\/assets\/[^/]*-[A-Za-z0-9_-]{8,}\.[A-Za-z0-9]+$/

export interface PageOptions {
  /** The path below which it is served, such as `/console`. Default: all paths. */
  readonly below?: string
  /** Says what it may load, and from where. */
  readonly policy?: string
}

/** Serves a built page from a folder: its files, and `index.html` for every other path that a browser navigates to. Throws TypeError where there is none. */
export function pageFolder(
  folder: string,
  { below = '', policy = CONTENT_SECURITY_POLICY }: PageOptions = {},
): (c: Context) => Promise<Response | undefined> {
  const index = join(folder, 'index.html')
  if (!statSync(index, { throwIfNoEntry: false })?.isFile()) throw new TypeError(`page: there is no ${index}; build the page first`)
  const rewriteRequestPath = (path: string) => path.slice(below.length)
  const file = answering(policy, (onFound) => serveStatic({ root: folder, rewriteRequestPath, onFound }))
  const front = answering(policy, (onFound) => serveStatic({ path: index, onFound }))

  return async (c) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return undefined
    if (c.req.path !== below && !c.req.path.startsWith(`${below}/`)) return undefined
    const found = await file(c)
    if (found !== undefined) return found
    const navigates = c.req.header('accept')?.includes('text/html') === true && !/\.[A-Za-z0-9]+$/.test(c.req.path)
    return navigates ? front(c) : undefined
  }
}

type OnFound = (path: string, c: Context) => void

/** What a static handler answers, with the headers of its file; 304 where the browser has it already. */
function answering(policy: string, handlerOf: (onFound: OnFound) => MiddlewareHandler): (c: Context) => Promise<Response | undefined> {
  const paths = new WeakMap<Context, string>()
  const handler = handlerOf((path, c) => paths.set(c, path))
  return async (c) => {
    const answer = await handler(c, async () => {})
    const path = paths.get(c)
    if (!(answer instanceof Response) || path === undefined) return undefined
    const { size, mtimeMs } = statSync(path)
    const etag = `W/"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    const headers = new Headers(answer.headers)
    headers.set('ETag', etag)
    headers.set('Cache-Control', HASHED.test(path.replaceAll('\\', '/')) ? 'public, max-age=31536000, immutable' : 'no-cache')
    headers.set('Content-Security-Policy', policy)
    headers.set('Referrer-Policy', 'no-referrer')
    headers.set('X-Frame-Options', 'DENY')
    vary(headers, 'Accept-Encoding')
    if (!isKnown(c.req.header('if-none-match'), etag)) return new Response(answer.body, { status: answer.status, headers })
    await answer.body?.cancel()
    headers.delete('content-length')
    headers.delete('content-type')
    return new Response(null, { status: 304, headers })
  }
}
