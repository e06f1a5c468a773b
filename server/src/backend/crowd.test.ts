// Goal: a crowd that comes back at once costs the changelog a read a space, not one a client. Method: a real backend over a changelog that
// counts, asked by pulls, and by the hellos of a gateway that has just been started.
import { type Range, range as rangeSchema, type SpaceId } from '@tidemark/shared'
import * as v from 'valibot'
import { beforeAll, describe, expect, it } from 'vitest'
import { app, askOf, BackendWorld, BOUNDS, clientOf, everybody, NEW, user } from '../../test/backend-world.ts'
import { countingChangelog } from '../../test/counting-changelog.ts'
import { FakeSocket } from '../../test/fake-socket.ts'
import { UNCOUNTED, UNTOLD } from '../../test/uncounted.ts'
import type { Changelog } from '../changelog/changelog.ts'
import { memoryChangelog } from '../changelog/memory/memory-changelog.ts'
import { createGateway } from '../gateway/gateway.ts'
import { SILENT } from '../observe/log.ts'
import { nextTurn } from '../platform/next-turn.ts'

const CLIENTS = 1000
const SPACES: readonly SpaceId[] = ['open:1', 'open:2', 'open:3', 'open:4']

describe('a crowd that comes back at once', () => {
  let filled: Changelog
  const standing = new Map<SpaceId, { version: number; seal: string }>()

  /** The same data in a process that was just started. */
  const restarted = () => {
    const { changelog, counts } = countingChangelog(filled)
    return { world: new BackendWorld({ changelog, access: everybody(app) }), counts }
  }

  beforeAll(async () => {
    filled = memoryChangelog()
    const world = new BackendWorld({ changelog: filled })
    for (const space of [...SPACES, 'mixed:1'])
      for (let n = 0; n < 5; n++) {
        await world.put(user('alice'), space, space === 'mixed:1' ? 'mine' : 'notes', `d${n}`, { text: `t${n}` })
        if (n === 2) {
          const { to, seal } = await world.range(user('alice'), space, NEW)
          standing.set(space, { version: to, seal })
        }
      }
  })

  it(`${CLIENTS} pulls from the same place at the same time: one read of the log a space`, async () => {
    const { world, counts } = restarted()
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, at) => {
        const space = SPACES[at % SPACES.length] as SpaceId
        const who = user(`u${at}`)
        return world.backend.pull(who, space, askOf(standing.get(space) ?? NEW), BOUNDS, clientOf(who), 'default')
      }),
    )
    for (const { range } of answers) expect(v.parse(rangeSchema, JSON.parse(range.text)).changes).toHaveLength(2)
    expect(counts.get('log')).toBe(SPACES.length)
    expect(counts.get('documentsAfter') ?? 0).toBe(0)
  })

  it('who sees a part of a space is answered from reads of that part, one each', async () => {
    const { world, counts } = restarted()
    const ask = askOf(standing.get('mixed:1') ?? NEW)
    const pull = (name: string) =>
      world.backend.pull(user(name), 'mixed:1', name === 'alice' ? ask : askOf(NEW), BOUNDS, undefined, 'default')
    const answers = await Promise.all([...Array(50)].flatMap(() => [pull('alice'), pull('bob')]))
    const changes = answers.map(({ range }) => (JSON.parse(range.text) as Range).changes.length)
    expect(changes).toEqual([...Array(50)].flatMap(() => [2, 0]))
    expect(counts.get('log')).toBe(2)
  })

  it(`${CLIENTS} hellos to a gateway that was just started: one read of the log a space`, async () => {
    const { world, counts } = restarted()
    const { backend, bus, clock } = world
    const gateway = createGateway({ backend, bus, clock, turn: nextTurn, log: SILENT, metrics: UNCOUNTED, presence: UNTOLD })
    const spaces = Object.fromEntries(SPACES.map((space) => [space, [standing.get(space)?.version, standing.get(space)?.seal]]))
    const sockets = Array.from({ length: CLIENTS }, (_, at) => {
      const socket = new FakeSocket()
      socket.events = gateway.accept(socket)
      const who = `u${at}`
      socket.say({ t: 'hello', client: clientOf(user(who)), token: who, spaces, nextS: 60, app: '1' })
      return socket
    })
    for (let round = 0; round < 1000 && sockets.some(({ frames }) => frames.length < 1 + SPACES.length); round++) await clock.pass(1)
    for (const socket of sockets) expect(socket.all('range').map(({ changes }) => changes.length)).toEqual([2, 2, 2, 2])
    expect(counts.get('log')).toBe(SPACES.length)
  })
})
