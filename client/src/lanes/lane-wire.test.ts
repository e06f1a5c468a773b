// Goal: lanes and the log of one connection do not wait for each other. Method: the real driver over a server of numbers, in virtual time.
import { describe, expect, it } from 'vitest'
import { syncWorld } from '../testing/sync-world.ts'

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
const item = (id: string) => ({ id, by: 'bob', atMs: 0, body: {} })

describe('the lanes of a connection', () => {
  it('come, and what is said is answered, while the storage does not', async () => {
    const { sync, server, replica, time, heard } = await syncWorld(settle)
    sync.want('room:1')
    sync.want('room:1 danmu')
    await time.run(1000)
    expect(heard.map(({ t }) => t)).toEqual(['lane'])
    replica.apply = () => new Promise(() => {})
    server.commit('room:1')
    await time.run(100)
    server.lanes.tick('room:1', 'danmu', [item('a')])
    let isSaid = false
    void sync.lanes.say('room:1', 'danmu', { id: 'mine', body: {} }, 1000, false).then(() => {
      isSaid = true
    })
    await time.run(500)
    expect(heard.at(-1)).toMatchObject({ t: 'tick', items: [{ id: 'a' }] })
    expect(isSaid).toBe(true)
    void sync.close()
  })

  it('are stated with the space that they belong to, in its frame or after it', async () => {
    const { sync, server, time } = await syncWorld(settle)
    await time.run(1000)
    sync.want('room:1 danmu')
    await time.run(1000)
    expect(server.heard.some((frame) => 'lanes' in frame && frame.lanes)).toBe(false)
    sync.want('room:1')
    await time.run(1000)
    expect(server.heard.filter(({ t }) => t === 'follow')).toMatchObject([
      { spaces: { 'room:1': [0, ''] }, lanes: { 'room:1': { danmu: 0 } } },
    ])
    await sync.close()
  })
})
