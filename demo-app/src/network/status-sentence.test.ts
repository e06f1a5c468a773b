import {
  ClientConflictError,
  RateLimitedError,
  type SyncError,
  TokenExpiredError,
  UnauthenticatedError,
  UnavailableError,
  UpgradeRequiredError,
} from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { en } from '../words/en.ts'
import { zh } from '../words/zh.ts'
import { type Standing, statusSentence } from './status-sentence.ts'

const at = (phase: Standing['status']['phase'], more: object = {}, words = en) =>
  statusSentence({ status: { phase }, version: 165, head: 165, pending: 0, nowMs: 0, ...more }, words.network)

describe('the sentence about a room', () => {
  it('says what will happen to what was written offline', () => {
    expect(at('offline', { pending: 3 })).toBe('Offline. 3 messages will be sent when you are back.')
    expect(at('offline', { pending: 1 })).toBe('Offline. 1 message will be sent when you are back.')
    expect(at('offline')).toBe('Offline. You see the room as it was at this version.')
    expect(at('offline', { version: 0, head: 0 })).toBe('Offline. This room comes when you are back.')
    expect(at('offline', { pending: 3 }, zh)).toBe('离线。3 条消息会在恢复联网后发出。')
  })

  it('says when the next attempt comes, and whether it is the sign-in that fails', () => {
    const status = { phase: 'waiting' as const, retryAtMs: 4200, because: new UnavailableError('no answer') }
    expect(at('waiting', { status })).toBe('No connection. Next try in 5 s.')
    expect(at('waiting', { status, nowMs: 9000, pending: 2 })).toBe('No connection. Next try now. 2 messages will be sent then.')
    expect(at('waiting', { status, pending: 2 }, zh)).toBe('没有连接。5 秒后重试。2 条消息会在那时发出。')
    expect(at('waiting', { status: { ...status, because: new UnauthenticatedError() } })).toMatch(/^The server refuses this sign-in\./)
  })

  it('says what else keeps it from connecting, and when nothing moves', () => {
    const waits = (because: SyncError, words = en) => at('waiting', { status: { phase: 'waiting', because } }, words)
    expect(waits(new UpgradeRequiredError('old'))).toMatch(/^This version of the chat is too old: reload the page\./)
    expect(waits(new RateLimitedError('slow down'))).toMatch(/^The server asks this device to wait\./)
    expect(waits(new TokenExpiredError(), zh)).toMatch(/^这次登录已过期。/)
    expect(at('stalled', { pending: 2 })).toMatch(/^Connected, but nothing has moved for a minute\. .* 2 messages will be sent then\.$/)
  })

  it('counts what is still to come, then what is still to go', () => {
    expect(at('catching up', { version: 100 })).toBe('Catching up: 65 versions to go.')
    expect(at('catching up', { version: 0, head: 0 })).toBe('Reading this room.')
    expect(at('live', { version: 164 })).toBe('Catching up: 1 version to go.')
    expect(at('live', { pending: 2 })).toBe('Sending 2 messages.')
    expect(at('live')).toBe('Up to date.')
  })

  it('says why nothing is sent although the server answers', () => {
    const status = { phase: 'live' as const, blocked: new ClientConflictError('Another device uses this number.') }
    expect(at('live', { status, pending: 1 })).toBe(
      'Held back: another device writes under the number of this one. What you wrote stays on this device.',
    )
    expect(at('live', { status })).toBe('Up to date.')
  })
})
