import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { http, type WireAnswer, WireOutbox } from '../harness/wire-peer.ts'

/** Mutations in one batch. Source: protocol §9. */
const BATCH_MAX = 100

/** Sends one message as any other client would, over HTTP, under an id of its choice. */
export async function sendAs(url: string, user: string, space: string, text: string, id?: string): Promise<void> {
  await sendAllAs(url, user, space, [{ text, ...(id !== undefined && { id }) }])
}

/** Sends messages, each with an id of its own or a random one, in their order. */
export async function sendAllAs(
  url: string,
  user: string,
  space: string,
  messages: readonly { readonly text: string; readonly id?: string }[],
): Promise<void> {
  const outbox = new WireOutbox()
  for (let from = 0; from < messages.length; from += BATCH_MAX) {
    const part = messages.slice(from, from + BATCH_MAX)
    const made = part.map(({ text, id = randomBytes(16).toString('hex') }) => outbox.next(space, 'send', { id, text }))
    const { body } = await http<WireAnswer>(new URL(url).origin, user, '/v1/mutations', { body: outbox.batch(...made) })
    expect(body.acks.map((ack) => ack.in)).toEqual(part.map(() => ({ [space]: expect.any(Number) })))
  }
}
