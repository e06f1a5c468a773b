import { toVersion } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { Activity, BUSIEST, BUSY_SPACES_MAX, SAMPLES_KEPT } from './activity.ts'
import { TENANTS_MAX } from './by-tenant.ts'

const at = (space: string, version: number, tenant = 'default') => ({ tenant, space, version: toVersion(version) })

describe('what happened of late', () => {
  it('a space counts by how far it has moved, whatever hints are lost, repeated or late', () => {
    const activity = new Activity()
    for (const version of [7, 9, 9, 8, 12]) activity.moved(at('room:1', version))
    // Where it stood before 7 nobody knows.
    expect(activity.busiest('default')).toEqual([{ space: 'room:1', version: 12, commits: 6 }])
    expect(activity.commitsOf('default', 'room:1')).toBe(6)
  })

  it('the busiest come first, and after ten minutes of quiet a space is no more among them', () => {
    const activity = new Activity()
    activity.moved(at('room:quiet', 1))
    activity.sample(1, new Map())
    for (let n = 0; n < BUSIEST + 2; n++) for (let version = 1; version <= n + 2; version++) activity.moved(at(`room:${n}`, version))
    expect(activity.busiest('default').map(({ commits }) => commits)).toEqual([9, 8, 7, 6, 5, 4])
    for (let n = 0; n < SAMPLES_KEPT; n++) activity.sample(n, new Map())
    expect(activity.busiest('default')).toEqual([])
  })

  it('each tenant has its own samples, the last ten minutes of them, and sees nothing of another', () => {
    const activity = new Activity()
    activity.moved(at('room:1', 1, 'north'))
    activity.refused('north')
    activity.refused('south')
    activity.sample(10, new Map([['north', 3]]))
    activity.sample(20, new Map([['south', 1]]))
    expect(activity.samplesOf('north')).toEqual([
      { atMs: 10, connections: 3, commits: 1, refused: 1 },
      { atMs: 20, connections: 0, commits: 0, refused: 0 },
    ])
    expect(activity.samplesOf('south')).toEqual([
      { atMs: 10, connections: 0, commits: 0, refused: 1 },
      { atMs: 20, connections: 1, commits: 0, refused: 0 },
    ])
    expect(activity.samplesOf('east')).toEqual([])
    for (let n = 0; n < 2 * SAMPLES_KEPT; n++) activity.sample(n, new Map())
    expect(activity.samplesOf('north')).toHaveLength(SAMPLES_KEPT)
  })

  it('forgets the space that moved longest ago, and the tenant that was quiet for longest, past their bounds', () => {
    const activity = new Activity()
    for (let n = 0; n <= BUSY_SPACES_MAX; n++) activity.moved(at(`room:${n}`, 5))
    expect([activity.commitsOf('default', 'room:0'), activity.commitsOf('default', 'room:1')]).toEqual([0, 1])
    for (let n = 0; n < TENANTS_MAX; n++) activity.refused(`t${n}`)
    expect(activity.busiest('default')).toEqual([])
  })
})
