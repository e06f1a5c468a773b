import { inspect } from 'node:util'
import { type Status, webTransport } from '@tidemark/client'
import { jwt } from '@tidemark/server'
import { type Clock, TokenExpiredError, UnauthenticatedError } from '@tidemark/shared'
import { afterEach, describe, expect, it } from 'vitest'
import { startKeyIssuer } from '../harness/key-issuer.ts'
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

describe('an issuer that changes its keys', () => {
  it('goes on signing people in: neither a restart nor a reconnect, and the old key counts no longer', async () => {
    const issuer = await startKeyIssuer()
    // A thousand times as fast, so that keys grow old while the test runs.
    const fast: Clock = { ...systemClock, monotonicMs: () => performance.now() * 1000 }
    ends = await bothEnds(jwt({ jwksUrl: issuer.jwksUrl, algorithms: ['ES256'], clock: fast, clockToleranceS: 0 }))
    let connections = 0
    let renewed = 0
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
        if (because !== undefined) renewed++
        return issuer.token('alice', 3)
      },
    })
    const room = alice.space(ROOM)
    await (await room.mutate.send({ id: 'm1', text: 'by the first key' })).confirmed
    const old = issuer.token('alice', 3600)
    issuer.rotate()
    await eventually('a token of the second key took its place', () => renewed > 0)
    await (await room.mutate.send({ id: 'm2', text: 'by the second key' })).confirmed
    expect([connections, statusOf(alice).phase]).toEqual([1, 'live'])
    const pull = (token: string) =>
      fetch(`${ends.url}/v1/spaces/${ROOM}/changes?since=0`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status)
    expect([await pull(issuer.token('alice', 60)), await pull(old)]).toEqual([200, 401])
    expect(issuer.asked).toBeGreaterThan(1)
    await issuer.close()
  })
})

describe('tokens', () => {
  it('are in no log, whatever becomes of them', async () => {
    const logged: unknown[] = []
    const keep = (detail: object, message: string) => logged.push(message, detail)
    const log = { info: keep, warn: keep, error: keep }
    const down = jwt({ jwksUrl: 'http://127.0.0.1:9/keys', algorithms: ['ES256'], log })
    const good = await tokenOf('alice')
    ends = await bothEnds(async (token, nowMs) => {
      if (token.startsWith('crash')) throw new Error('a bug in the app')
      return token.endsWith('unchecked') ? down(token, nowMs) : { tenant: 'default', user: 'alice', expiresAtMs: undefined }
    }, log)
    const header = Buffer.from('{"alg":"ES256","kid":"x"}').toString('base64url')
    const tokens = [good, `crash.${good}`, `${header}.${good.split('.')[1]}.unchecked`]
    const statuses: number[] = []
    for (const token of tokens) {
      const url = `${ends.url}/v1/spaces/${ROOM}/changes?since=0`
      statuses.push((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status)
    }
    expect(statuses).toEqual([200, 500, 503])
    const alice = await ends.open('alice', { token: () => `crash.${good}` })
    await eventually('the connection was refused', () => statusOf(alice).because?.code === 'internal')
    expect(logged.length).toBeGreaterThan(1)
    for (const part of [good, ...good.split('.')]) expect(inspect(logged, { depth: 10 })).not.toContain(part)
  })
})
