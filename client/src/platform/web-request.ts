import type { Transport } from '../connection/transport.ts'

/** The server's address without a slash at its end. */
export function baseOf(url: string | URL): string {
  return new URL(url).href.replace(/\/$/, '')
}

/** fetch, to the server at `base`. */
export function webRequest(base: string): Transport['request'] {
  return async ({ path, token, body, timeoutMs, signal }) => {
    const answer = await fetch(base + path, {
      headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body }),
      signal: signal ?? AbortSignal.timeout(timeoutMs),
      cache: 'no-store',
      credentials: 'omit',
      // A captive portal answers with one.
      redirect: 'error',
    })
    const contentType = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? ''
    return { status: answer.status, contentType, text: await answer.text() }
  }
}
