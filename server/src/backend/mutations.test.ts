// Goal: every rule of protocol §6 that a server keeps, at the Backend interface, over a real changelog.
import { describe, expect, it } from 'vitest'
import { BackendWorld, CLIENT, item, nonceOf, user } from '../../test/backend-world.ts'

const alice = user('alice')

function add(n: number, history = 0) {
  return item(n, 'open:1', 'put', { c: 'notes', id: `d${n}`, doc: { text: `t${n}` } }, history)
}

describe('mutate', () => {
  it('[M1] runs a batch in order, once, and tells where it led', async () => {
    const world = new BackendWorld()
    const batch = { client: CLIENT, on: '', mutations: [add(1), add(2)] }
    const first = await world.batch(alice, batch)
    expect(first).toEqual({
      acks: [
        { n: 1, nonce: nonceOf(1), in: { 'open:1': 1 } },
        { n: 2, nonce: nonceOf(2), in: { 'open:1': 2 } },
      ],
    })
    expect(await world.batch(alice, batch)).toEqual(first)
    expect((await world.head('open:1')).version).toBe(2)
    expect(world.hints).toEqual([{ tenant: 'default', space: 'open:1', version: 2 }])
  })
})
