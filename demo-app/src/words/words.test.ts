import { StorageError } from '@tidemark/client'
import { InvalidError, RateLimitedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { en } from './en.ts'
import { preferred } from './words.ts'
import { zh } from './zh.ts'

describe('the languages', () => {
  it('say what the browser asks for first, and English where nothing is here', () => {
    expect(preferred(['zh-CN', 'en'])).toBe('zh')
    expect(preferred(['fr-CH', 'zh-Hant-TW', 'en'])).toBe('zh')
    expect(preferred(['de', 'en-GB', 'zh'])).toBe('en')
    expect(preferred(['fr'])).toBe('en')
    expect(preferred([])).toBe('en')
  })

  it('count in the way of their grammar', () => {
    expect([1, 2, 1234].map(en.network.sending)).toEqual(['Sending 1 message.', 'Sending 2 messages.', 'Sending 1,234 messages.'])
    expect([1, 2, 1234].map(zh.network.sending)).toEqual(['正在发送 1 条消息。', '正在发送 2 条消息。', '正在发送 1,234 条消息。'])
    expect([en.list.unread(1, false), en.list.unread(3, false), en.list.unread(99, true)]).toEqual([
      '1 unread message',
      '3 unread messages',
      'more than 99 unread messages',
    ])
    expect(en.signOut.text(1, 'mei')).toContain('1 change has not reached the server. It stays')
    expect(en.signOut.text(2, 'mei')).toContain('2 changes have not reached the server. They stay')
  })

  it('say how often a message was tried, and why in vain', () => {
    const limited = new RateLimitedError('slow down')
    expect([en.message.tried(1, limited), en.message.tried(3, undefined)]).toEqual([
      'Tried once: that was too fast; it goes on by itself.',
      'Tried 3 times.',
    ])
    expect([zh.message.tried(1, limited), zh.message.tried(3, undefined)]).toEqual([
      '已尝试 1 次：发送太快，稍后会自动重试。',
      '已尝试 3 次。',
    ])
  })

  it('say why the server refused, also to who reads no English', () => {
    const invalid = new InvalidError('text: has more than 2000 characters')
    expect(en.refusal(invalid)).toBe('Not accepted: text: has more than 2000 characters')
    expect(zh.refusal(invalid)).toBe('服务器不接受：text: has more than 2000 characters')
    expect(zh.network.heldBack(new RateLimitedError('slow down'))).toBe('暂缓发送：发送太快，稍后会自动重试。你写的内容保留在这台设备上。')
    expect(zh.problem(new Error('disk full'))).toBe('disk full')
    const full = new StorageError('full', 'The storage of this device is full.')
    expect([en.problem(full), zh.problem(full)]).toEqual([en.storage.trouble.full, zh.storage.trouble.full])
    expect([en.storage.lost(1), en.storage.lost(3)]).toEqual([
      expect.stringContaining('went 1 change that'),
      expect.stringContaining('up to 3 changes that'),
    ])
  })
})
