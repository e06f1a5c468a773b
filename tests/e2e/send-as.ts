import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { devToken } from '../harness/server-process.ts'

/** Sends one message as any other client would, over HTTP, under an id of its choice. */
export async function sendAs(url: string, user: string, space: string, text: string, id = randomBytes(16).toString('hex')): Promise<void> {
  const origin = new URL(url).origin
  const answer = await fetch(`${origin}/v1/mutations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await devToken(origin, user)}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      client: `c_${randomBytes(16).toString('base64url')}`,
      on: '',
      mutations: [{ n: 1, nonce: randomBytes(8).toString('hex'), space, name: 'send', args: { id, text }, madeMs: Date.now() }],
    }),
  })
  expect(await answer.json()).toMatchObject({ acks: [{ n: 1, in: { [space]: expect.any(Number) } }] })
}
