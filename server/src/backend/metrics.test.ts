import { describe, expect, it } from 'vitest'
import { app, askOf, BackendWorld, BOUNDS, clientOf, everybody, item, NEW, user } from '../../test/backend-world.ts'
import { systemRandom } from '../platform/system-random.ts'
import { createBackend } from './create-backend.ts'

describe('metrics', () => {
  it('count groups, refusals, stops, ranges and resets', async () => {
    const { changelog, bus, clock } = new BackendWorld()
    const counted: unknown[] = []
    const count =
      (name: string) =>
      (...args: unknown[]): void => {
        counted.push([name, ...args])
      }
    const metrics = {
      group: count('group'),
      committed: count('committed'),
      refused: count('refused'),
      stopped: count('stopped'),
      range: count('range'),
      reset: count('reset'),
    }
    const alice = user('alice')
    const backend = createBackend({
      app,
      changelog,
      bus,
      clock,
      metrics,
      random: systemRandom,
      access: everybody(app) as any,
      authenticate: async () => alice,
    })
    const mutations = [
      item(1, 'open:1', 'add', { id: 'a', text: 'x' }),
      item(2, 'open:1', 'refuse', { why: 'no' }),
      item(3, 'open:1', 'crash', {}),
    ]
    await backend.mutate(alice, { client: clientOf(alice), on: '', mutations })
    expect(counted.splice(0)).toEqual([
      ['group', 2, 0],
      ['committed', 'client', 1],
      [
        'refused',
        'rejected',
        { tenant: 'default', user: 'alice', client: clientOf(alice), space: 'open:1', name: 'refuse', message: 'no' },
      ],
      ['stopped', 'internal'],
    ])
    const { text } = await backend.range(alice, 'open:1', askOf({ version: 9, seal: 'aaaaaaaa' }), BOUNDS)
    await backend.range(alice, 'open:2', askOf(NEW), BOUNDS)
    expect(counted).toEqual([
      ['range', 'log', 1, Buffer.byteLength(text)],
      ['reset', 'history'],
      ['range', 'empty', 0, expect.any(Number)],
    ])
  })
})
