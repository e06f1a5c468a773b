import { httpStatus, type SyncError, toWire, UnauthenticatedError } from '@tidemark/shared'

/** A JSON answer that no cache keeps. Its length is stated, so that small ones leave uncompressed. */
export function jsonAnswer(text: string, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      ...headers,
    },
  })
}

/** An error as protocol §9 writes it. */
export function errorAnswer(error: SyncError): Response {
  return jsonAnswer(JSON.stringify({ error: toWire(error) }), httpStatus(error), errorHeaders(error))
}

/** What HTTP itself knows of an error; Retry-After counts whole seconds. */
export function errorHeaders(error: SyncError): Readonly<Record<string, string>> {
  return {
    ...(httpStatus(error) === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(error.afterMs === undefined ? {} : { 'retry-after': String(Math.ceil(error.afterMs / 1000)) }),
  }
}

/** The token of a request, or what else `called` is: from the header alone, never from its URL. Throws UnauthenticatedError. */
export function bearerToken(authorization: string | undefined, called: 'token' | 'API key' = 'token'): string {
  const token = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new UnauthenticatedError(`No ${called} came with this: send Authorization: Bearer <${called}>.`)
  return token
}
