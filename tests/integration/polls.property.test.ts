// Goal: nothing is lost where a client goes over from WebSockets to polls and back, whatever is under way then. Method: two real clients
// and the real server in virtual time, with a network between them that breaks connections, loses requests and answers of all kinds, and
// lets WebSockets through or not by lot; then it is whole, but for WebSockets in every other seed, and both must come to have what was
// written, each once, and what is written then, at once.
import {
  connect,
  createReplica,
  fixedBeat,
  type HttpAnswer,
  type LiveEvents,
  type LiveSocket,
  memoryStorage,
  NO_HINTS,
  plainTables,
  pollTransport,
  type Transport,
  virtualTime,
} from '@tidemark/client/testing'
import { createSyncServer, type GatewaySocket, memoryChangelog } from '@tidemark/server'
import { describe, expect, it } from 'vitest'
import { app } from '../../demo-app/app.ts'
import { type SeededRandom, seededRandom } from '../simulation/seeded-random.ts'

const SEEDS = process.env.CI === undefined ? 12 : 60
const STEPS = 60
const STEP_MS = 3000
const HEAL_MS = 240_000
/** From a write on a whole network to the other device, in ms. */
const SOON_MS = 2000
const ROOM = 'room:1'

/** All that can run does: answers of the server pass through a few turns of streams. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}

async function play(seed: number) {
  const random = seededRandom(seed)
  const time = virtualTime(settle)
  const changelog = memoryChangelog()
  const server = createSyncServer({
    app,
    changelog,
    authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: undefined }),
    access: { user: () => 'write', room: () => 'write', live: () => 'write' },
    clock: time,
    turn: async () => {},
  })
  const isPolled = seed % 2 === 0
  let isWhole = false
  const counts = { upgraded: 0, polled: 0, lost: 0 }
  const goesWrong = (chance: number) => {
    const does = !isWhole && random.chance(chance)
    if (does) counts.lost++
    return does
  }
  const later = (run: () => void) => time.after(random.between(1, 200), run)

  function upgrade(events: LiveEvents): LiveSocket {
    const socket = { ended: false }
    let gateway: ReturnType<typeof server.gateway.accept> | undefined
    const end = (code?: number) => {
      if (socket.ended) return
      socket.ended = true
      later(() => gateway?.closed())
      if (code !== undefined) later(() => events.closed(code))
    }
    const peer: GatewaySocket = {
      send: (text) => {
        if (!socket.ended && !goesWrong(0.05)) events.frame(text)
      },
      close: (code) => end(code),
      terminate: () => end(1006),
      bufferedBytes: 0,
      pause() {},
      resume() {},
    }
    later(() => {
      if (socket.ended) return
      if (isWhole ? isPolled : goesWrong(0.5)) return end(1006)
      gateway = server.gateway.accept(peer)
      counts.upgraded++
      if (!isWhole) time.after(random.between(0, 20_000), () => !isWhole && end(1006))
      events.opened()
    })
    return {
      endpoint: 'test',
      send: (text) => later(() => !socket.ended && !goesWrong(0.05) && gateway?.text(text)),
      close: () => end(),
    }
  }

  const request: Transport['request'] = ({ path, token, body, signal }) =>
    new Promise<HttpAnswer>((resolve, reject) => {
      const fail = () => reject(new TypeError('fetch failed'))
      signal?.addEventListener('abort', fail)
      const inTime = (run: () => void) => later(() => !signal?.aborted && run())
      if (path === '/v1/poll') counts.polled++
      inTime(async () => {
        if (goesWrong(0.1)) return fail()
        // It never comes to its end.
        if (goesWrong(0.03)) return
        if (goesWrong(0.05)) return resolve({ status: 200, contentType: 'text/html', text: '<html>Sign in</html>' })
        const answer = await server.hono.request(`http://server${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${token}` },
          ...(body !== undefined && { body }),
          ...(signal && { signal }),
        })
        const text = await answer.text()
        const contentType = answer.headers.get('content-type')?.split(';')[0] ?? ''
        inTime(() => (goesWrong(0.1) ? fail() : resolve({ status: answer.status, contentType, text })))
      })
    })

  async function device(user: string, own: SeededRandom) {
    const storage = memoryStorage()
    const polls = pollTransport({ request, upgrade, network: NO_HINTS, clock: time, leave() {} })
    const transport: Transport = {
      request,
      connect: (events) => ((isWhole ? isPolled : own.chance(0.5)) ? polls.connect(events) : upgrade(events)),
    }
    const replica = await createReplica({
      connect,
      ...{ app, user, storage, transport, clock: time, random: own },
      token: () => user,
      durable: true,
      tables: (core) => plainTables(storage, core),
      lifecycle: NO_HINTS,
      network: NO_HINTS,
      beat: fixedBeat,
    })
    return { replica, room: replica.space(ROOM) }
  }

  const devices = [await device('alice', seededRandom(seed * 2 + 1)), await device('bob', seededRandom(seed * 2 + 2))]
  const written: string[] = []
  for (let step = 0; step < STEPS; step++) {
    for (const { replica, room } of devices)
      if (random.chance(0.3)) {
        const id = `${replica.user}-${step}`
        written.push(id)
        await room.mutate.send({ id, text: id })
      }
    await time.run(STEP_MS)
  }
  isWhole = true
  await time.run(HEAL_MS)
  for (const { replica, room } of devices) {
    const id = `${replica.user}-last`
    written.push(id)
    await room.mutate.send({ id, text: id })
  }
  await time.run(SOON_MS)
  const shown = await Promise.all(
    devices.map(async ({ room }) => (await room.messages.toArray()).map(({ $id, $v }) => `${$id} ${$v}`).sort()),
  )
  const audits = await Promise.all(devices.map(({ replica }) => replica.audit()))
  const phases: string[] = []
  for (const { replica } of devices) replica.status$.subscribe(({ phase }) => phases.push(phase)).unsubscribe()
  const answer = await server.hono.request(`http://server/v1/spaces/${ROOM}/changes?since=0`, {
    headers: { authorization: 'Bearer alice' },
  })
  const { head } = (await answer.json()) as { head: number }
  for (const { replica } of devices) await replica.close()
  return { written, shown, audits, phases, head, counts }
}

describe('[B10] clients that go over from WebSockets to polls and back on a bad network', () => {
  it.each(Array.from({ length: SEEDS }, (_, at) => at + 1))('have all that was written, once, and are live (seed %i)', async (seed) => {
    const { written, shown, audits, phases, head, counts } = await play(seed)
    expect(Math.min(counts.upgraded, counts.polled, counts.lost), 'enough happened').toBeGreaterThan(2)
    expect(head).toBe(written.length)
    expect(shown[0]?.map((row) => row.split(' ')[0])).toEqual([...written].sort())
    expect(shown[1]).toEqual(shown[0])
    for (const { created, confirmed, pending } of audits) expect([confirmed, pending]).toEqual([created, 0])
    expect(phases).toEqual(['live', 'live'])
  })
})
