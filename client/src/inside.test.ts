// Goal: devtools hear and see what they show, of a replica that runs already, and one that nobody looks at does no more than before.
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { createReplica } from './create-replica.ts'
import { INSIDE, type Inside } from './inside.ts'
import { alicesWorld } from './testing/alices-world.ts'
import { fakeServer } from './testing/fake-server.ts'
import { seededRandom } from './testing/seeded-random.ts'
import { virtualTime } from './testing/virtual-time.ts'

describe('the inside of a replica', () => {
  it('tells of frames both ways and of answers to requests from the moment on that somebody listens', async () => {
    const time = virtualTime(() => new Promise<void>((resolve) => setImmediate(resolve)))
    const server = fakeServer(time, seededRandom(1))
    const replica = await createReplica(alicesWorld({ transport: server.transport, clock: time }))
    const { tap, connected } = (replica as unknown as { [INSIDE]: Inside })[INSIDE]
    await time.run(3000)
    const heard: string[] = []
    tap.heard = (way, text) => heard.push(`${way} ${text.slice(0, 12)}`)
    replica.space('room:1')
    await time.run(100)
    server.commit('room:1', false)
    server.say({ t: 'behind', space: 'room:1', head: 1 })
    await time.run(100)
    expect(heard).toContain('out {"t":"follow')
    expect(heard).toContain('in {"t":"heads"')

    expect(heard.some((line) => line.startsWith('room%3A1/changes?since=0') && line.includes('{"space"'))).toBe(true)
    expect([...(connected.state()?.following.spaces.keys() ?? [])]).toEqual(['room:1'])
    expect(connected.state()?.pace.intervalMs).toBe(fixedBeat.intervalMs)

    tap.heard = undefined

    const before = heard.length
    server.commit('room:1')
    await time.run(1000)
    expect(heard.length).toBe(before)
    await replica.close()
  })
})
