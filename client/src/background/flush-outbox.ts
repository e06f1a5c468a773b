import {
  type Clock,
  errorBody,
  errorFromWire,
  isAboutToken,
  LIMITS,
  type MutationAnswer,
  mutationAnswer,
  parseAnswer,
  type Random,
  UnavailableError,
  within,
} from '@tidemark/shared'
import type { Tokens } from '../connection/tokens.ts'
import type { Transport } from '../connection/transport.ts'
import type { Batch, Outbox } from '../outbox/outbox.ts'
import { ANSWER_WITHIN_MS, boundsOf, NOT_SENDING, type SendingEvent, type SendingStage, stepSending } from '../outbox/sending.ts'

/** How long one flush goes on at most, in ms: browsers end a worker that takes longer. */
export const FLUSH_MS_MAX = 120_000

export interface FlushPorts {
  readonly outbox: Pick<Outbox, 'batch' | 'settle'>
  readonly tokens: Tokens
  readonly transport: Pick<Transport, 'request'>
  readonly clock: Clock
  readonly random: Random
}

/**
 * Sends what is pending where there is no connection, batch by batch, by the same rules as on one. Resolves once nothing is pending.
 * Rejects with the SyncError that held it up, and waits for nothing: whoever called decides when to try again. What was not
 * answered stays, and may be sent by others meanwhile: each mutation takes effect once [M1].
 */
export async function flushOutbox(ports: FlushPorts): Promise<void> {
  const { outbox, clock, random } = ports
  const endMs = clock.monotonicMs() + FLUSH_MS_MAX
  let sending = NOT_SENDING
  const step = (event: SendingEvent): SendingStage => {
    sending = stepSending(sending, event, clock.monotonicMs(), random.unit()).state
    const { stage } = sending
    if (stage.name === 'waiting') throw stage.because ?? new UnavailableError('what was answered is still pending')
    return stage
  }
  const connected: SendingEvent = { type: 'connected', batchMax: LIMITS.batch, bytesMax: LIMITS.bytes }
  step(connected)
  for (;;) {
    const batch = await outbox.batch(boundsOf(sending))
    const stage = step({ type: 'loaded', first: batch?.first ?? 0, count: batch?.mutations.length ?? 0 })
    if (!batch || stage.name !== 'in hand') return
    const answer = await post(ports, batch).catch((error) => {
      const nowMs = clock.monotonicMs()
      if (nowMs < stage.untilMs || nowMs >= endMs) throw error
    })
    if (!answer) {
      // It was too much for this link, perhaps: a smaller batch, while there is time.
      step({ type: 'time' })
      step(connected)
      continue
    }
    const { client, epoch } = batch
    const { acks, error } = answer
    await outbox.settle(acks, { client, epoch, error })
    step({ type: 'answered', acked: acks.length, error: error && errorFromWire(error) })
    if (clock.monotonicMs() >= endMs) throw new UnavailableError('more is pending than can be sent at once')
  }
}

/** What the server answers to a batch; whatever it says instead is the error of that answer. Throws UnavailableError where it cannot be reached, and what the token source throws. */
async function post({ tokens, transport, clock }: FlushPorts, { client, on, mutations }: Batch): Promise<MutationAnswer> {
  const body = JSON.stringify({ client, on, mutations })
  for (let isSecond = false; ; isSecond = true) {
    const token = await tokens.get()
    let said: MutationAnswer['error']
    try {
      const request = transport.request({ path: '/v1/mutations', token, body, timeoutMs: ANSWER_WITHIN_MS })
      const { status, contentType, text } = await within(clock, ANSWER_WITHIN_MS, request, () => new Error('no answer in time'))
      if (contentType !== 'application/json') throw new Error(`${status} ${contentType}`)
      if (status === 200) return parseAnswer(mutationAnswer, text)
      said = parseAnswer(errorBody, text).error
    } catch (cause) {
      throw new UnavailableError('the server cannot be reached', { cause })
    }
    const error = errorFromWire(said)
    // The first one may have grown old.
    if (!isAboutToken(error) || isSecond) return { acks: [], error: said }
    tokens.refuse(error)
  }
}
