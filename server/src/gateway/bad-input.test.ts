import { LIMITS, NotFoundError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { FakeSocket } from '../../test/fake-socket.ts'
import { CLIENT, GatewayWorld, mutate } from '../../test/gateway-world.ts'

const ran = (socket: FakeSocket) => socket.all('ack').flatMap(({ acks }) => acks.map(({ n }) => n))

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

const MALFORMED: Record<string, [frame: string | undefined, code: string]> = {
  'a binary frame': [undefined, 'bad-request'],
  'no JSON': ['{"t":', 'bad-request'],
  'an empty frame': ['', 'bad-request'],
  'a list': ['[]', 'bad-request'],
  'a number': ['7', 'bad-request'],
  null: ['null', 'bad-request'],
  'no type': ['{}', 'bad-request'],
  'an unknown type': ['{"t":"dance"}', 'bad-request'],
  'a type of the server': ['{"t":"welcome","user":"a","nowMs":1,"heads":{},"acked":[0,""]}', 'bad-request'],
  'a beat without a promise': ['{"t":"beat"}', 'bad-request'],
  'a beat that promises no time at all': ['{"t":"beat","nextS":0}', 'bad-request'],
  'a follow of no space id': ['{"t":"follow","spaces":{"Room 1":[0,""]}}', 'bad-request'],
  'a follow of a reserved name': ['{"t":"follow","spaces":{"room:__proto__":[0,""]}}', 'bad-request'],
  'a follow with half a number': ['{"t":"follow","spaces":{"room:a":[0.5,""]}}', 'bad-request'],
  'a follow below zero': ['{"t":"follow","spaces":{"room:a":[-1,""]}}', 'bad-request'],
  'a seal of 97 characters': [`{"t":"follow","spaces":{"room:a":[1,"${'a'.repeat(97)}"]}}`, 'bad-request'],
  'an unfollow of one text': ['{"t":"unfollow","spaces":"room:a"}', 'bad-request'],
  'a batch without a client id': ['{"t":"mutate","on":"","mutations":[]}', 'bad-request'],
  'a batch of 101': [
    JSON.stringify({
      t: 'mutate',
      client: CLIENT,
      on: '',
      mutations: Array.from({ length: 101 }, (_, n) => ({ n: n + 1, nonce: '9f86d08188c0ffee' })),
    }),
    'bad-request',
  ],
  'a second hello': [JSON.stringify({ t: 'hello', client: CLIENT, token: 'bob', spaces: {}, nextS: 60, app: '1' }), 'bad-request'],
  'too many bytes': [`{"t":"auth","token":"${'x'.repeat(LIMITS.bytes)}"}`, 'too-large'],
  'too many levels': [`{"t":"say","space":"live:1","lane":"l","n":1,"body":${deep(100)}}`, 'too-large'],
  'levels without end': [deep(200_000), 'too-large'],
  'too many keys': [`[${'0,'.repeat(100_001)}0]`, 'too-large'],
}

describe('bad input', () => {
  it.each(Object.entries(MALFORMED))('%s gets its code, and the connection stays usable', async (_, [frame, code]) => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', { 'room:a': [0, ''] })
    if (frame === undefined) socket.events?.binary()
    else socket.say(frame)
    await world.clock.pass(0)
    expect(socket.all('error').map(({ error }) => error.code)).toEqual([code])
    expect(socket.closed).toBeUndefined()
    world.backend.commit('room:a', 'one')
    socket.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(socket.order.slice(-2)).toEqual(['range', 'beat'])
    expect(world.counts[code]).toBe(1)
  })

  it('the third closes with 4400, after its answer', async () => {
    const world = new GatewayWorld()
    const socket = await world.greet('alice', {})
    for (let strike = 0; strike < 5; strike++) socket.say('nonsense')
    await world.clock.pass(0)
    expect(socket.all('error')).toHaveLength(3)
    expect(socket.closed?.code).toBe(4400)
    expect(world.gateway.connections).toBe(0)
  })

  it('frames before hello are bad-request and count as strikes; a hello after one of them is still taken', async () => {
    const world = new GatewayWorld()
    const socket = world.connect()
    socket.say({ t: 'beat', nextS: 60 })
    socket.say({ t: 'hello', client: CLIENT, token: 'alice', spaces: {}, nextS: 60, app: '1' })
    await world.clock.pass(0)
    expect(socket.order).toEqual(['error', 'welcome'])
    const other = world.connect()
    for (let strike = 0; strike < 3; strike++) other.say({ t: 'beat', nextS: 60 })
    await world.clock.pass(0)
    expect(other.closed?.code).toBe(4400)
  })

  it('nonsense does not put off the deadline of the hello', async () => {
    const world = new GatewayWorld()
    const socket = world.connect()
    await world.clock.pass(9000)
    socket.say('nonsense')
    await world.clock.pass(1000)
    expect(socket.closed?.code).toBe(4408)
  })

  it('a say that cannot be said is answered with said and why, which is no strike', async () => {
    const world = new GatewayWorld()
    world.backend.judge = async () => {
      throw new NotFoundError('no lane')
    }
    const socket = await world.greet('alice', {})
    for (let n = 1; n <= 5; n++) socket.say({ t: 'say', space: 'live:1', lane: 'danmu', n, body: {} })
    await world.clock.pass(0)
    expect(socket.all('said').map(({ n, error }) => [n, error?.code])).toEqual([1, 2, 3, 4, 5].map((n) => [n, 'not-found']))
    expect(socket.closed).toBeUndefined()
  })

  it('a flood pauses the socket, and is served in order', async () => {
    const world = new GatewayWorld({ queueFramesMax: 10 })
    const socket = await world.greet('alice', {})
    for (let n = 1; n <= 100; n++) socket.say(mutate(n))
    expect(socket.paused).toBe(true)
    await world.clock.pass(0)
    expect(ran(socket)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1))
    expect(socket.paused).toBe(false)
  })

  it('a few frames are served, then it is the turn of others', async () => {
    const world = new GatewayWorld({ framesPerTurn: 3 })
    const socket = await world.greet('alice', {})
    let rounds = 0
    world.turn = async () => void rounds++
    for (let n = 1; n <= 10; n++) socket.say(mutate(n))
    await world.clock.pass(0)
    expect([ran(socket).length, rounds]).toEqual([10, 3])
    for (let n = 11; n <= 14; n++) socket.say(mutate(n, { text: 'x'.repeat(70_000) }))
    await world.clock.pass(0)
    expect([ran(socket).length, rounds]).toEqual([14, 6])
  })

  it('so many frames are served in one burst, the others each in its time', async () => {
    const world = new GatewayWorld({ framesBurst: 5, framesPerS: 10 })
    const socket = await world.greet('alice', {})
    for (let n = 1; n <= 20; n++) socket.say(mutate(n))
    await world.clock.pass(0)
    // The hello was the first of the five.
    expect(ran(socket)).toHaveLength(4)
    await world.clock.pass(1000)
    expect(ran(socket)).toHaveLength(14)
    await world.clock.pass(1000)
    expect(ran(socket)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    for (let n = 21; n <= 40; n++) socket.say(mutate(n))
    socket.events?.closed()
    await world.clock.pass(5000)
    expect(ran(socket).length).toBeLessThan(30)
  })

  it('a flood in spite of the pause is cut off', async () => {
    const world = new GatewayWorld({ queueFramesMax: 10, queueFramesCutOff: 100 })
    const socket = await world.greet('alice', {})
    for (let n = 0; n < 200; n++) socket.say('{}')
    expect(socket.terminated).toBe(true)
  })
})
