// Goal: what was released or announced comes into its lane, whatever the lane says at first, and nothing stays on its way for ever.
import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { ADA, LIVE, ShowWorld } from '../../test/show-world.ts'
import type { LaneEngine } from '../lanes/lane-engine.ts'
import { OUTGOING_RETRY_MS } from './bounds.ts'

const LANE = { space: LIVE, lane: 'danmu' }

describe('what is on its way into a lane', () => {
  it('is tried again where the lane did not take it, one for itself', async () => {
    let isFull = true
    const before = (engine: LaneEngine): LaneEngine => ({
      settingsChanged: (place, definition) => engine.settingsChanged(place, definition),
      state: (place, definition) => engine.state(place, definition),
      ring: (place, definition, since) => engine.ring(place, definition, since),
      page: (place, definition, from) => engine.page(place, definition, from),
      start: () => engine.start(),
      stop: () => engine.stop(),
      add: (place, definition, item) =>
        isFull && item.id === 'n1' ? Promise.reject(new UnavailableError('full')) : engine.add(place, definition, item),
    })
    const world = await ShowWorld.started({ before })
    await world.act('announce', { ...LANE, id: 'n1', text: 'one' })
    await world.act('announce', { ...LANE, id: 'n2', text: 'two' })
    expect(await world.shown()).toEqual(['! two'])
    expect(Object.keys(await world.documents('outgoing'))).toEqual(['n1'])
    isFull = false
    await world.clock.pass(OUTGOING_RETRY_MS)
    expect(await world.shown()).toEqual(['! two', '! one'])
    expect(await world.documents('outgoing')).toEqual({})
  })

  it('is dropped, and the log told, where the app has no such lane', async () => {
    const world = await ShowWorld.started()
    await world.act('announce', { space: LIVE, lane: 'gone', id: 'n1', text: 'hi' })
    expect(await world.documents('outgoing')).toEqual({})
    expect(world.backend.logged.map(({ message }) => message)).toContainEqual(expect.stringContaining('of a lane that the app has not'))
  })

  it('has the body of an item where the schema of the lane takes a text alone, and else that text', async () => {
    const world = await ShowWorld.started()
    await world.act('announce', { ...LANE, id: 'n1', text: 'one' })
    await world.act('announce', { ...LANE, lane: 'taps', id: 'n2', text: 'two' })
    expect(await world.shown()).toEqual(['! one'])
    expect(await world.shown('taps')).toEqual(['! two'])
  })

  it('stays where the server stops, and is taken by the next one', async () => {
    const world = await ShowWorld.started()
    await world.say('x', { by: ADA })
    await world.backend.backend.moderation?.stop()
    await world.act('announce', { ...LANE, id: 'n1', text: 'one' })
    expect(Object.keys(await world.documents('outgoing'))).toEqual(['n1'])
    const next = await ShowWorld.started({ changelog: world.backend.memory, store: world.store })
    await next.say('y', { id: 'y' })
    await next.clock.pass(0)
    expect(await next.shown()).toEqual(expect.arrayContaining(['! one', 'y']))
  })
})
