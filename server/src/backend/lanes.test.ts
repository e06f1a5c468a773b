// Goal: a lane is read by whom the rules let read its space, and by anyone where it is public. Method: a backend over an engine in memory.
import { defineApp, lane, laneRing, parseAnswer, space } from '@tidemark/shared'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { seeded } from '../../test/lane-world.ts'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { inProcessBus } from '../bus/in-process-bus.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { createLaneEngine } from '../lanes/create-lane-engine.ts'
import { laneOf } from '../lanes/lane-of.ts'
import { memoryLaneStore } from '../lanes/memory/memory-lane-store.ts'
import type { Principal } from './backend.ts'
import { createBackend } from './create-backend.ts'

const Said = v.object({ text: v.string() })
const app = defineApp({
  version: '1',
  spaces: { live: space({ lanes: { danmu: lane(Said), shown: lane(Said, { public: true, archiveMs: 3_600_000 }) } }), plain: space({}) },
})
const ALICE: Principal = { tenant: 'default', user: 'alice', expiresAtMs: undefined }
const MALLORY: Principal = { ...ALICE, user: 'mallory' }

async function world() {
  const clock = new VirtualClock()
  const bus = inProcessBus()
  const random = seeded(1)
  const lanes = createLaneEngine({ app, store: memoryLaneStore(), bus, clock, random })
  await lanes.start()
  const backend = createBackend({
    app,
    changelog: memoryChangelog(),
    authenticate: async () => ALICE,
    access: { live: (user) => (user === 'alice' ? 'read' : 'none'), plain: () => 'read' },
    bus,
    clock,
    random,
    lanes,
  })
  const say = async (tenant: string, name: string, text: string) => {
    const definition = laneOf(app, 'live:1', name)
    if (definition === undefined) throw new Error(`no lane ${name}`)
    await lanes.add({ tenant, space: 'live:1', lane: name }, definition, { id: text, by: 'x', body: { text } })
    await clock.pass(1000)
  }
  const texts = async (principal: Principal | undefined, name: string) => {
    const { text } = await backend.lane(principal, 'live:1', name, 0)
    return parseAnswer(laneRing, text).ticks.flatMap(({ items }) => items.map(({ id }) => id))
  }
  return { backend, clock, say, texts }
}

describe('who may read a lane', () => {
  it('[L5] those who may read its space, and nobody else', async () => {
    const { texts, say } = await world()
    await say('default', 'danmu', 'hello')
    expect(await texts(ALICE, 'danmu')).toEqual(['hello'])
    await expect(texts(MALLORY, 'danmu')).rejects.toMatchObject({ code: 'forbidden' })
    await expect(texts(undefined, 'danmu')).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('[L5] anyone where it is public, each in the tenant of their token', async () => {
    const { texts, say, backend, clock } = await world()
    await say('default', 'shown', 'ours')
    await say('other', 'shown', 'theirs')
    expect(await texts(undefined, 'shown')).toEqual(['ours'])
    expect(await texts(MALLORY, 'shown')).toEqual(['ours'])
    expect(await texts({ ...MALLORY, tenant: 'other' }, 'shown')).toEqual(['theirs'])
    const from = Math.floor(clock.nowMs() / 60_000) * 60_000
    expect(await backend.lanePage(undefined, 'live:1', 'shown', from)).toMatchObject({ whole: false })
    expect(await backend.lanePage(undefined, 'live:1', 'shown', from + 60_000)).toBeUndefined()
  })

  it('what is no lane is not-found, to those who may read the space', async () => {
    const { texts, backend } = await world()
    await expect(texts(ALICE, 'other')).rejects.toMatchObject({ code: 'not-found' })
    await expect(texts(ALICE, 'toString')).rejects.toMatchObject({ code: 'not-found' })
    await expect(texts(MALLORY, 'other')).rejects.toMatchObject({ code: 'forbidden' })
    for (const of of ['plain:1', 'unknown:1', 'Live'] as const)
      await expect(backend.lane(ALICE, of, 'danmu', 0)).rejects.toMatchObject({ code: of === 'Live' ? 'bad-request' : 'not-found' })
    await expect(backend.lanePage(ALICE, 'live:1', 'shown', Number.NaN)).rejects.toMatchObject({ code: 'bad-request' })
    await expect(backend.lane(ALICE, 'live:1', 'shown', -1)).rejects.toMatchObject({ code: 'bad-request' })
  })
})
