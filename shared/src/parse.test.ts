import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SyncError } from './errors.ts'
import { parseClientFrame, parseServerFrame } from './parse.ts'

const client = 'c_AAAAAAAAAAAAAAAAAAAAAA'
const hello = { t: 'hello', client, token: 't', spaces: { 'user:alice': [164, '9f3a01c2'], 'room:9': [0, ''] }, nextS: 60, app: '1' }

describe('frames from a client', () => {
  it.each([
    hello,
    { t: 'follow', spaces: { 'room:9': [0, ''] } },
    { t: 'unfollow', spaces: ['room:9'] },
    {
      t: 'mutate',
      client,
      on: '',
      mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 'room:42', name: 'send', args: { id: 'm1' }, madeMs: 1 }],
    },
    { t: 'beat', nextS: 240 },
    { t: 'auth', token: 't' },
  ])('$t is read as it was written', (frame) => expect(parseClientFrame(JSON.stringify(frame))).toEqual(frame))

  it('unknown fields are ignored, an unknown t is an error', () => {
    expect(parseClientFrame(JSON.stringify({ ...hello, later: 1 }))).toEqual(hello)
    expect(() => parseClientFrame('{"t":"sing"}')).toThrow(/t/)
  })

  it.each([
    ['not JSON', '{"t":'],
    ['a list', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['a version below 0', JSON.stringify({ t: 'follow', spaces: { 'room:9': [-1, ''] } })],
    ['half a version', JSON.stringify({ t: 'follow', spaces: { 'room:9': [1.5, ''] } })],
    ['a seal of 97 characters', JSON.stringify({ t: 'follow', spaces: { 'room:9': [1, 'a'.repeat(97)] } })],
    ['a bad space id', JSON.stringify({ t: 'follow', spaces: { 'Room 9': [0, ''] } })],
    ['a reserved name among spaces', '{"t":"follow","spaces":{"__proto__":[0,""]}}'],
    ['a bad client id', JSON.stringify({ ...hello, client: 'alice' })],
    [
      '101 mutations',
      JSON.stringify({
        t: 'mutate',
        client,
        on: '',
        mutations: Array.from({ length: 101 }, (_, at) => ({ n: at + 1, nonce: '9f86d08188c0ffee' })),
      }),
    ],
    ['mutation 0', JSON.stringify({ t: 'mutate', client, on: '', mutations: [{ n: 0, nonce: '9f86d08188c0ffee' }] })],
    ['no promise of a next frame', '{"t":"beat"}'],
  ])('%s is a bad request', (_, text) => {
    expect(() => parseClientFrame(text)).toThrow(expect.objectContaining({ code: 'bad-request' }))
  })

  it('a malformed mutation in a well-formed batch passes, to be refused by itself [M3]', () => {
    const frame = parseClientFrame(
      JSON.stringify({ t: 'mutate', client, on: '', mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 5 }] }),
    )
    expect(frame).toMatchObject({ mutations: [{ n: 1, nonce: '9f86d08188c0ffee', space: 5 }] })
  })

  it('whatever comes, it is a frame or an error of ours', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify({ ...hello, spaces: value })),
        ),
        (text) => {
          try {
            parseClientFrame(text)
          } catch (error) {
            expect(error).toBeInstanceOf(SyncError)
          }
        },
      ),
    )
  })
})

describe('frames from a server', () => {
  const range = {
    t: 'range',
    space: 'room:42',
    from: 120,
    on: '77ab12f0',
    to: 164,
    seal: '9f3a01c2',
    head: 180,
    changes: [
      { v: 121, c: 'messages', id: 'm1', put: { text: 'hi' }, b: 97, o: '9f86d08188c0ffee' },
      { v: 164, c: 'messages', id: 'm2', del: true },
    ],
  }
  it.each([
    { t: 'welcome', user: 'alice', nowMs: 1, heads: { 'user:alice': 164 }, acked: [7, '9f86d08188c0ffee'] },
    { t: 'heads', heads: {} },
    range,
    { t: 'behind', space: 'room:42', head: 91234 },
    { t: 'ack', client, acks: [{ n: 7, nonce: '9f86d08188c0ffee', in: { 'room:42': 165 } }] },
    { t: 'beat', nowMs: 1, sum: 10876543210 },
    { t: 'goaway', afterMs: [2000, 30000] },
  ])('$t is read as it was written', (frame) => expect(parseServerFrame(JSON.stringify(frame))).toEqual(frame))

  it('an unknown t is ignored, other nonsense is not of this protocol [B7]', () => {
    expect(parseServerFrame('{"t":"brand-new"}')).toBeUndefined()
    expect(() => parseServerFrame('<html>')).toThrow(expect.objectContaining({ code: 'bad-request' }))
    expect(() => parseServerFrame('{"t":"beat"}')).toThrow(expect.objectContaining({ code: 'bad-request' }))
    for (const change of [
      { v: 1, c: 'messages', id: 'm1' },
      { v: 1, c: 'messages', id: 'm1', put: [] },
      { v: 1, c: 'messages', id: 'm1', put: JSON.parse('{"__proto__":{}}') },
      { v: 1, c: 'messages', id: 'm1', del: false },
      null,
    ])
      expect(() => parseServerFrame(JSON.stringify({ ...range, changes: [change] }))).toThrow(
        expect.objectContaining({ code: 'bad-request' }),
      )
  })
})
