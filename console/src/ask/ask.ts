import { type Session, tokenOf } from '../session/session.ts'
import { answerOf } from './answer.ts'

const WITHIN_MS = 20_000

/** GET /v1/console/{path}, with a token in its header. Rejects with RefusedAnswer, or a TypeError or timeout where the server cannot be reached. */
export async function ask<T>(session: Session, path: string, signal?: AbortSignal): Promise<T> {
  const get = async (fresh: boolean): Promise<Response> => {
    const within = AbortSignal.timeout(WITHIN_MS)
    return await fetch(`/v1/console/${path}`, {
      headers: { authorization: `Bearer ${await tokenOf(session, fresh)}` },
      signal: signal === undefined ? within : AbortSignal.any([signal, within]),
    })
  }
  const answer = await get(false)
  // A token of development lives for so long only; the next one is free.
  return await answerOf<T>(answer.status === 401 && session.how === 'dev' ? await get(true) : answer)
}
