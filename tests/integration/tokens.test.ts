import { type Status, webTransport } from '@tidemark/client'
import { type Clock, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { type BothEnds, bothEnds, type ChatReplica, eventually, tokenOf } from './both-ends.ts'

// Tokens that end while both real ends are connected.

const ROOM = 'room:lobby'
let ends: BothEnds

afterEach(() => ends.close())

function statusOf(replica: ChatReplica): Status {
  let status: Status | undefined
  replica.status$.subscribe((value) => (status = value)).unsubscribe()
  return status as unknown as Status
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}

describe('a token that ends in mid-connection', () => {
  it('is replaced in place again and again, whatever the device takes for the time: one connection, and everything written is delivered', async () => {
    ends = await bothEnds()
    let connections = 0
    const reasons: (string | undefined)[] = []
    const transport = webTransport(ends.url)
    const alice = await ends.open('alice', {
      transport: {
        ...transport,
        connect(events) {
          connections++
          return transport.connect(events)
        },
      },
      token: (because) => {
        reasons.push(because?.code)
        return tokenOf('alice', 1)
      },
      // A year ahead: every token looks long over.
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + 365 * 86_400_000 },
    })
    const room = alice.space(ROOM)
    for (let n = 0; reasons.length < 3; n++) {
      await (await room.mutate.send({ id: `m${n}`, text: `${n}` })).confirmed
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(reasons).toEqual([undefined, 'token-expired', 'token-expired'])
    expect(connections).toBe(1)
    expect(statusOf(alice)).toMatchObject({ phase: 'live', pending: 0, refused: 0 })
  })

  it('and cannot be replaced closes it: the status tells, nothing is lost, and it goes on by itself once there is one', async () => {
    let isFirstOver = false
    ends = await bothEnds(async (token, nowMs) => {
      if (token === 'second') return { tenant: 'default', user: 'alice', expiresAtMs: undefined }
      if (token !== 'first') throw new UnauthenticatedError()
      if (isFirstOver) throw new TokenExpiredError()
      isFirstOver = true
      // In the last second of its grace.
      return { tenant: 'default', user: 'alice', expiresAtMs: nowMs - 29_000 }
    })
    let asked = 0
    let isSourceDown = true
    const alice = await ends.open('alice', {
      token: () => {
        if (asked++ === 0) return 'first'
        if (isSourceDown) throw new Error('the sign-in server is down')
        return 'second'
      },
    })
    const room = alice.space(ROOM)
    await (await room.mutate.send({ id: 'm1', text: 'in the grace' })).confirmed
    await eventually('it is over', () => statusOf(alice).because !== undefined)
    const sent = await room.mutate.send({ id: 'm2', text: 'kept' })
    await eventually('the status tells that the source fails', () => statusOf(alice).because?.code === 'unavailable')
    await eventually('it is pending', () => statusOf(alice).pending === 1)
    expect(statusOf(alice).phase).not.toBe('live')
    expect(await room.messages.toArray()).toHaveLength(2)
    isSourceDown = false
    await sent.confirmed
    expect(statusOf(alice)).toMatchObject({ refused: 0 })
    expect(await alice.audit()).toEqual({ created: 2, confirmed: 2, refused: 0, pending: 0, discarded: 0 })
  })

  it('over HTTP is 401 with `token-expired`', async () => {
    ends = await bothEnds()
    const answer = await fetch(`${ends.url}/v1/spaces/${ROOM}/changes?since=0`, {
      headers: { authorization: `Bearer ${await tokenOf('alice', -60)}` },
    })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await answer.json()).toMatchObject({ error: { code: 'token-expired', retryable: true } })
  })
})
