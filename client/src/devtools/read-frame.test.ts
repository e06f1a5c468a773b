import { describe, expect, it } from 'vitest'
import { readFrame } from './read-frame.ts'

const told = (way: string, frame: unknown) => {
  const { kind, spaces, detail } = readFrame(way, typeof frame === 'string' ? frame : JSON.stringify(frame))
  return [kind, spaces, detail]
}

describe('what is kept of a frame', () => {
  it('is its kind, its spaces and its numbers', () => {
    const range = { t: 'range', space: 'room:1', from: 3, on: 's3', to: 5, seal: 's5', head: 9, changes: [{}, {}], compacted: true }
    expect(told('in', range)).toEqual(['range', ['room:1'], '3 → 5, 2 changes, compacted'])
    expect(readFrame('in', JSON.stringify({ ...range, reset: 'rights' })).range).toEqual({
      space: 'room:1',
      from: 3,
      to: 5,
      reset: 'rights',
      pushed: true,
    })
    const mutations = [4, 5, 6].map((n) => ({ n, space: n < 6 ? 'room:1' : 'user:alice', name: 'put', args: {} }))
    expect(told('out', { t: 'mutate', client: 'c', on: '', mutations })).toEqual(['mutate', ['room:1', 'user:alice'], '#4 to #6'])
    const acks = [
      { n: 4, nonce: 'a', in: { 'room:1': 7 } },
      { n: 5, nonce: 'b', error: { code: 'rejected', message: 'no' } },
    ]
    expect(told('in', { t: 'ack', client: 'c', acks })).toEqual(['ack', ['room:1'], '#4 to #5, 1 refused'])
    expect(told('out', { t: 'beat', nextS: 90 })).toEqual(['beat', [], 'next within 90 s'])
    expect(told('out', { t: 'unfollow', spaces: ['room:1'] })).toEqual(['unfollow', ['room:1'], ''])
    expect(told('in', { t: 'welcome', heads: { 'room:1': 2, 'room:2': 3 } })).toEqual(['welcome', ['room:1', 'room:2'], ''])
    expect(told('in', { t: 'behind', space: 'room:1', head: 9 })).toEqual(['behind', ['room:1'], 'head 9'])
    expect(told('in', { t: 'denied', space: 'room:1', error: { code: 'forbidden', message: 'no' } })).toEqual([
      'denied',
      ['room:1'],
      'forbidden',
    ])
  })

  it('of an answer to a request is what was asked for, of which space', () => {
    expect(told('room%3A1/changes?since=0&seal=&client=c', { space: 'room:1', from: 0, to: 2, changes: [] })).toEqual([
      'pull',
      ['room:1'],
      '0 → 2, 0 changes',
    ])
    expect(told('live%3A1/lanes/danmu', { id: 'i1' })).toEqual(['lane', ['live:1'], ''])
    expect(told('room%3A1/collections/messages/older?before=9&limit=2', { docs: [{}], floor: 3 })).toEqual([
      'older',
      ['room:1'],
      '1 change',
    ])
    expect(told('room%3A1/changes?since=0', { error: { code: 'forbidden', message: 'no' } })).toEqual(['pull', ['room:1'], 'forbidden'])
  })

  it('is nothing that somebody wrote, and no token', () => {
    const secret = 'Secret words'
    const frames = [
      ['out', { t: 'hello', client: 'c', token: secret, spaces: {}, nextS: 60, app: '1', labels: { a: secret } }],
      ['out', { t: 'auth', token: secret }],
      ['out', { t: 'mutate', client: 'c', on: '', mutations: [{ n: 1, space: 'room:1', name: 'send', args: { text: secret } }] }],
      ['in', { t: 'range', space: 'room:1', from: 0, to: 1, changes: [{ c: 'messages', id: secret, doc: { text: secret } }] }],
      ['in', { t: 'error', error: { code: 'invalid', message: secret } }],
      ['out', { t: 'say', space: 'live:1', lane: 'danmu', n: 1, id: secret, body: { text: secret } }],
      ['in', { t: 'tick', space: 'live:1', lane: 'danmu', tick: 1, cut: 2, items: [{ id: secret, by: secret, body: { text: secret } }] }],
      ['in', { t: 'range', space: 'room:1', from: 0, to: 1, changes: [], reset: secret }],
      ['in', { t: secret }],
      ['out', { t: 'say', space: 'room:1', lane: 'typing', n: 1, body: secret }],
      ['room%3A1/changes?since=0', { error: { code: secret, message: secret } }],
      ['in', secret],
    ] as const
    for (const [way, frame] of frames) {
      const text = typeof frame === 'string' ? frame : JSON.stringify(frame)
      expect(JSON.stringify(readFrame(way, text))).not.toContain(secret)
    }
  })

  it('is its size in bytes, whatever it is', () => {
    expect(readFrame('in', '{"t":"beat","x":"é潮🌊"}').bytes).toBe(28)
    for (const text of ['', '{', 'null', '[]', '7', '{"t":7}', '{"t":"range","changes":7}', '{"t":"ack","acks":[null,7]}'])
      expect(readFrame('in', text).bytes).toBe(text.length)
    expect(readFrame('in', `{"t":"range","x":"${'a'.repeat(2_000_000)}"}`)).toMatchObject({ kind: 'range', bytes: 2_000_020 })
  })
})
