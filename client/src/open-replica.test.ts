import { BadRequestError, type SyncError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { type OpenReplicaOptions, openReplica } from './open-replica.ts'
import { chatApp } from './testing/chat-app.ts'

const good = { app: chatApp, url: 'http://localhost:1', user: 'alice', token: () => 'a token' }

/** What whoever opens a replica with this mistake reads. */
async function saidOf(mistake: Record<string, unknown>): Promise<string> {
  const error = await openReplica({ ...good, ...mistake } as OpenReplicaOptions<typeof chatApp>).catch((error: SyncError) => error)
  expect(error).toBeInstanceOf(BadRequestError)
  return (error as SyncError).message
}

describe('opening a replica with a wrong option is refused, and said what is needed', () => {
  it.each([[[]], [['http://localhost:1', 'localhost:2']], [Array.from({ length: 9 }, (_, n) => `http://localhost:${n + 1}`)]])(
    'addresses: %j',
    async (url) => {
      expect(await saidOf({ url })).toBe(`url: http://… or https://… is needed, not "${url}"`)
    },
  )

  it.each(['localhost:9287', '', 'ws://localhost:9287', '/sync', 'null', 'http://', 'file:///app', undefined])('url: %j', async (url) => {
    expect(await saidOf({ url })).toBe(`url: http://… or https://… is needed, not "${url}"`)
  })

  it.each([undefined, null, {}])('app: %j', async (app) => {
    expect(await saidOf({ app })).toBe('app: what defineApp returns is needed')
  })

  it.each([undefined, null, 'eyJ.secret'])('token: %j, which the message does not repeat', async (token) => {
    expect(await saidOf({ token })).toBe('token: a function is needed')
  })

  it.each(['', 'a/b', undefined])('user: %j', async (user) => {
    expect(await saidOf({ user })).toBe(`${user} is no user id: 1 to 128 letters, digits and . _ ~ -`)
  })
})
