import {
  type Clock,
  errorBody,
  errorFromWire,
  FROM_CLIENT,
  POLL_WAIT_S_MAX,
  parseAnswer,
  parseBody,
  pollBody,
  UnavailableError,
} from '@tidemark/shared'
import type { Context } from 'hono'
import type { Backend } from '../backend/backend.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Arriving } from './arriving.ts'
import { arrivingBody } from './arriving-body.ts'
import { type AddressOf, addressIn } from './client-address.ts'
import { HeldPolls } from './held-polls.ts'
import { bearerToken, jsonAnswer } from './json-answer.ts'
import { PollSocket } from './poll-socket.ts'

export interface PollWorld {
  readonly backend: Backend
  readonly gateway: Pick<Gateway, 'accept' | 'refusal'>
  readonly arriving: Arriving
  readonly clock: Clock
  readonly addressOf: AddressOf
}

/** More than a poll is held: the gateway must not take the one who waits for silent. In seconds. */
const PROMISE_BEYOND_S = 60

/** POST /v1/poll: a live connection that lasts for one answer, where no other one gets through. Source: protocol §4. */
export function pollRoute({ backend, gateway, arriving, clock, addressOf }: PollWorld): (c: Context) => Promise<Response> {
  const polls = new HeldPolls()
  return async (c) => {
    const token = bearerToken(c.req.header('authorization'))
    const { tenant, user } = await backend.authenticate(token)
    const { waitS: wishedS, ...stated } = parseBody(pollBody, await arrivingBody(c, arriving), FROM_CLIENT)
    const address = addressIn(c, addressOf)
    const refusal = gateway.refusal(address) ?? polls.refusal(address)
    if (refusal !== undefined) throw refusal

    const waitS = Math.min(wishedS, POLL_WAIT_S_MAX)
    const socket = new PollSocket(clock, waitS * 1000)
    const events = gateway.accept(socket, address)
    const end = () => socket.end()
    const letGo = polls.hold(`${tenant} ${user}`, address, end)
    const { signal } = c.req.raw
    signal.addEventListener('abort', end)
    try {
      if (signal.aborted) end()
      socket.begin(events, JSON.stringify({ t: 'hello', ...stated, token, nextS: waitS + PROMISE_BEYOND_S }))
      return answerOf(await socket.answer)
    } finally {
      signal.removeEventListener('abort', end)
      letGo()
      events.closed()
    }
  }
}

/** Throws what the gateway said in the place of `welcome`. */
function answerOf(frames: readonly string[]): Response {
  const [first] = frames
  if (first === undefined) throw new UnavailableError('The poll was ended before it was heard.', { afterMs: 1000 })
  if (first.startsWith('{"t":"error"') || first.startsWith('{"t":"goaway"')) throw errorFromWire(parseAnswer(errorBody, first).error)
  return jsonAnswer(`[${frames.join(',')}]`)
}
