import type { Pending, Refused } from '@tidemark/client'
import { RateLimitedError, RejectedError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { MessageRow } from '../replica/demo.ts'
import { en } from '../words/en.ts'
import { zh } from '../words/zh.ts'
import { messageItems } from './message-items.ts'
import { dayWords, shortTime, timeOf } from './time-words.ts'

const noonMs = new Date(2026, 5, 10, 12).getTime()
const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const row = (id: string, author: string, sentAtMs: number, $p: 0 | 1 = 0): MessageRow =>
  ({ $id: id, $v: 1, $b: 1, $p, $s: 1, text: id, author, sentAtMs }) as MessageRow
const refused = (n: number): Refused => ({
  n,
  space: 'room:lobby',
  name: 'send',
  args: { id: `r${n}`, text: 'again' },
  madeMs: noonMs,
  error: new RejectedError('taken'),
  retry: () => Promise.reject(new Error('not here')),
  dismiss: () => Promise.resolve(),
})
const pending = (n: number, sent: Pick<Pending, 'state' | 'attempts' | 'lastError'>): Pending => ({
  ...refused(n),
  args: { id: `m${n}`, text: 'on its way' },
  ...sent,
  retry: () => {},
})
const listed = (rows: readonly MessageRow[], refused: readonly Refused[], user: string, readTo: number | null = null) =>
  messageItems({ rows, pending: [], refused, user, readTo })
const keys = (items: ReturnType<typeof messageItems>) => items.map((item) => (item.kind === 'day' ? 'day' : item.key))

describe('the list of messages', () => {
  it('keeps the order of creation, whatever the times say', () => {
    const rows = [row('m1', 'alice', noonMs), row('m2', 'bob', noonMs - 3 * DAY_MS), row('m3', 'alice', noonMs + MINUTE_MS)]
    expect(keys(listed(rows, [], 'alice'))).toEqual(['day', 'm1', 'm2', 'm3'])
  })

  it('puts the refused below what is settled and above what waits', () => {
    const rows = [row('m1', 'alice', noonMs), row('m2', 'alice', noonMs, 1)]
    const items = listed(rows, [refused(7)], 'alice')
    expect(keys(items)).toEqual(['day', 'm1', 'refused 7', 'm2'])
    expect(items.map((item) => (item.kind === 'message' ? item.state : 'day'))).toEqual(['day', 'confirmed', 'refused', 'pending'])
  })

  it('knows of what waits whether it is with the server, and which one holds up the others', () => {
    const rows = [row('m1', 'alice', noonMs), row('m2', 'alice', noonMs, 1), row('m3', 'alice', noonMs, 1), row('m4', 'alice', noonMs, 1)]
    const waiting = (...sent: Pick<Pending, 'state' | 'attempts' | 'lastError'>[]) =>
      messageItems({ rows, pending: sent.map((one, at) => pending(at + 2, one)), refused: [], user: 'alice', readTo: null }).flatMap(
        (item) => (item.kind === 'message' ? [[item.id, item.pending?.state, item.stuck]] : []),
      )
    const first = { state: 'sent', attempts: 1, lastError: undefined } as const
    const next = { state: 'waiting', attempts: 0, lastError: undefined } as const
    expect(waiting(first, next)).toEqual([
      ['m1', undefined, false],
      ['m2', 'sent', false],
      ['m3', 'waiting', false],
      ['m4', undefined, false],
    ])
    expect(waiting({ ...first, attempts: 2 }, next)[1]).toEqual(['m2', 'sent', true])
    const failed = { state: 'waiting', attempts: 1, lastError: new RateLimitedError('slow down') } as const
    expect(waiting(failed, failed).map(([id, , stuck]) => [id, stuck])).toEqual([
      ['m1', false],
      ['m2', true],
      ['m3', false],
      ['m4', false],
    ])
  })

  it('groups what one author sent within minutes', () => {
    const rows = [
      row('m1', 'bob', noonMs),
      row('m2', 'bob', noonMs + MINUTE_MS),
      row('m3', 'bob', noonMs + 30 * MINUTE_MS),
      row('m4', 'alice', noonMs + 30 * MINUTE_MS),
    ]
    const ends = listed(rows, [], 'alice').map((item) => (item.kind === 'message' ? [item.first, item.last] : item.kind))
    expect(ends).toEqual(['day', [true, false], [false, true], [true, true], [true, true]])
  })

  it('separates days, once each', () => {
    const rows = [row('m1', 'bob', noonMs - DAY_MS), row('m2', 'bob', noonMs), row('m3', 'bob', noonMs + MINUTE_MS)]
    expect(keys(listed(rows, [], 'alice'))).toEqual(['day', 'm1', 'day', 'm2', 'm3'])
  })

  it('names days in the language of the page, and times in the narrow list', () => {
    const names = (words: typeof en) => [0, 1, 5, 400].map((days) => dayWords(noonMs - days * DAY_MS, noonMs, words))
    expect(names(en)).toEqual(['Today', 'Yesterday', 'Friday, June 5', 'May 6, 2025'])
    expect(names(zh)).toEqual(['今天', '昨天', '6月5日星期五', '2025年5月6日'])
    const short = [0, 1, 5].map((days) => shortTime(noonMs - days * DAY_MS, noonMs, zh))
    expect(short).toEqual(['12:00', '昨天', '26/6/5'])
  })

  it('marks where the unread begin, above the first of somebody else, and only below something that was read', () => {
    const rows = [row('m1', 'bob', noonMs), row('m2', 'alice', noonMs), row('m3', 'bob', noonMs), row('m4', 'bob', noonMs)].map(
      (one, index) => ({ ...one, $b: 10 + index }),
    )
    expect(keys(listed(rows, [], 'alice', 10))).toEqual(['day', 'm1', 'm2', 'unread', 'm3', 'm4'])
    expect(keys(listed(rows, [], 'alice', 13))).toEqual(['day', 'm1', 'm2', 'm3', 'm4'])
    for (const readTo of [null, 9]) expect(keys(listed(rows, [], 'alice', readTo))).toEqual(['day', 'm1', 'm2', 'm3', 'm4'])
  })

  it('survives a time that is no date', () => {
    expect(keys(listed([row('m1', 'mallory', 1e300), row('m2', 'bob', noonMs)], [], 'alice'))).toEqual(['m1', 'day', 'm2'])
    expect([timeOf(1e300, en), dayWords(-1e300, noonMs, en), shortTime(1e300, noonMs, en)]).toEqual(['', '', ''])
  })
})
