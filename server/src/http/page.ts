import { statSync } from 'node:fs'
import { join } from 'node:path'
import { serveStatic } from '@hono/node-server/serve-static'
import type { Context, MiddlewareHandler } from 'hono'

/** Scripts, styles and connections of the page's own server only; what is inline, but for styles, does not run. */
const CONTENT_SECURITY_POLICY = [
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

/** Serves a built page from a folder: its files, and `index.html` for every other path that a browser navigates to. Throws TypeError where there is none. */
export function pageFolder(folder: string): (c: Context) => Promise<Response | undefined> {
  const index = join(folder, 'index.html')
  if (!statSync(index, { throwIfNoEntry: false })?.isFile()) throw new TypeError(`page: there is no ${index}; build the page first`)
  const file = serveStatic({ root: folder, onFound: describe })
  const front = serveStatic({ path: index, onFound: describe })

  return async (c) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return undefined
    const found = await answerOf(file, c)
    if (found !== undefined) return unlessKnown(c, found)
    const navigates = c.req.header('accept')?.includes('text/html') === true && !/\.[A-Za-z0-9]+$/.test(c.req.path)
    return navigates ? unlessKnown(c, await answerOf(front, c)) : undefined
  }
}

async function answerOf(handler: MiddlewareHandler, c: Context): Promise<Response | undefined> {
  const answer = await handler(c, async () => {})
  return answer instanceof Response ? answer : undefined
}

function describe(path: string, c: Context): void {
  const { size, mtimeMs } = statSync(path)
  c.header('ETag', `W/"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`)
  c.header('Cache-Control', HASHED.test(path.replaceAll('\\', '/')) ? 'public, max-age=31536000, immutable' : 'no-cache')
  c.header('Content-Security-Policy', CONTENT_SECURITY_POLICY)
  c.header('Referrer-Policy', 'no-referrer')
  c.header('X-Frame-Options', 'DENY')
}

/** 304 where the browser has it already. */
async function unlessKnown(c: Context, answer: Response | undefined): Promise<Response | undefined> {
  const etag = answer?.headers.get('etag')
  if (answer === undefined || !etag || c.req.header('if-none-match') !== etag) return answer
  await answer.body?.cancel()
  const headers = new Headers(answer.headers)
  headers.delete('content-length')
  headers.delete('content-type')
  return new Response(null, { status: 304, headers })
}
