/** Longer than this, and the server counts as unreachable. */
const TOKEN_WITHIN_MS = 10_000

/** Development sign-in was refused, or is not offered: then `status` is 404. `message` is the server's, where it gave one. */
export class SignInRefusedError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A token of the server's development sign-in. Throws SignInRefusedError when the server says no, TypeError or a timeout when it does not answer. */
export async function fetchToken(user: string): Promise<string> {
  const answer = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
    signal: AbortSignal.timeout(TOKEN_WITHIN_MS),
  })
  const body: unknown = await answer.json()
  if (typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string') return body.token
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  const message = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined
  throw new SignInRefusedError(answer.status, typeof message === 'string' ? message : '')
}
