import { answerOf } from '../ask/answer.ts'

const WITHIN_MS = 10_000

/** A token of the server's development sign-in. Rejects with RefusedAnswer; its status is 404 where none is offered. */
export async function fetchDevToken(user: string): Promise<string> {
  const answer = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
    signal: AbortSignal.timeout(WITHIN_MS),
  })
  return (await answerOf<{ token: string }>(answer)).token
}

/** Whether this server signs in whoever asks. False where it cannot be reached. */
export async function offersDevSignIn(): Promise<boolean> {
  try {
    const answer = await fetch('/v1/console/sign-in', { signal: AbortSignal.timeout(WITHIN_MS) })
    return (await answerOf<{ development: boolean }>(answer)).development
  } catch {
    return false
  }
}
