import { describe, expect, it } from 'vitest'
import { app, everybody } from '../test/backend-world.ts'
import { settle, VirtualClock } from '../test/virtual-clock.ts'
import type { RetentionOptions } from './backend/retention.ts'
import { memoryChangelog } from './changelog/memory/memory-changelog.ts'
import { createSyncServer } from './sync-server.ts'

const DAY_MS = 24 * 3_600_000

function running(retention?: RetentionOptions) {
  const clock = new VirtualClock()
  const changelog = memoryChangelog()
  const server = createSyncServer({
    app,
    changelog,
    authenticate: async (token) => ({ tenant: 'default', user: token, expiresAtMs: undefined }),
    access: everybody(app),
    clock,
    ...(retention === undefined ? {} : { retention }),
  })
  const logStart = () => changelog.read('default', (tx) => tx.logStart('open:1'))
  return { clock, changelog, server, logStart }
}

describe('a sync server', () => {
  it('forgets by itself what it was told to keep no longer, and when it ends it stops that first', async () => {
    const { clock, changelog, server, logStart } = running({ keepLogMs: DAY_MS })
    const note = { collection: 'notes', id: 'a', creator: 'alice', created: 'now' as const, doc: '{"text":"x"}' }
    await changelog.write((tenant) => tenant('default').commit('open:1', [note], undefined, clock.nowMs()))
    await clock.pass(DAY_MS / 2)
    expect(await logStart()).toBe(0)
    await clock.pass(DAY_MS)
    expect(await logStart()).toBe(1)
    let isClosed = false
    void server.close().then(() => {
      isClosed = true
    })
    for (let turn = 0; turn < 20 && !isClosed; turn++) {
      await clock.pass(1000)
      await settle()
    }
    expect([isClosed, clock.timers]).toEqual([true, 0])
    await expect(logStart()).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('refuses settings under which a copy could never be made whole', () => {
    expect(() => running({ keepLogMs: 1 })).toThrow(/^retention\.keepLogMs/)
  })
})
