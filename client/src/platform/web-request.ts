import type { Transport } from '../connection/transport.ts'
import { basesOf, type ServerUrl } from './server-url.ts'
import { systemClock } from './system-clock.ts'

/** fetch, to the server at `base`. */
export function webRequest(base: string): Transport['request'] {
  return async ({ path, token, body, timeoutMs, beginsMs = timeoutMs, signal }) => {
    const late = new AbortController()
    const abort = () => late.abort()
    const begun = systemClock.after(beginsMs, abort)
    const ended = systemClock.after(timeoutMs, abort)
    try {
      const answer = await fetch(base + path, {
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { method: 'POST', body }),
        signal: signal ?? late.signal,
        cache: 'no-store',
        credentials: 'omit',
        // A captive portal answers with one.
        redirect: 'error',
      })
      begun()
      const contentType = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
      return { status: answer.status, contentType, text: await answer.text() }
    } finally {
      begun()
      ended()
    }
  }
}

/** fetch, to whichever address of the server answers first, asked one after the other: for who has no connection. */
export function firstAnswer(url: ServerUrl): Transport['request'] {
  const [first, ...others] = basesOf(url).map(webRequest)
  return async (request) => {
    const begun = (first as Transport['request'])(request)
    return others.reduce((answer, next) => answer.catch(() => next(request)), begun)
  }
}
