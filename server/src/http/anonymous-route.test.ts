import { describe, expect, it } from 'vitest'
import { HttpWorld, refusal } from '../../test/http-world.ts'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { anonymousTokens } from '../backend/anonymous-tokens.ts'
import { systemRandom } from '../platform/system-random.ts'
import { anonymousRoute } from './anonymous-route.ts'

const SECRET = 'the secret of anonymous, 32 bytes'
const PATH = '/v1/anonymous'

interface Answer {
  readonly token: string
  readonly user: string
}

function world({ perAddressPerHour, isSigned = true }: { perAddressPerHour?: number; isSigned?: boolean } = {}) {
  const clock = new VirtualClock()
  const at: { address: string | undefined } = { address: '192.0.2.1' }
  const signing = anonymousTokens({ secret: SECRET, clock, random: systemRandom })
  const tokens = isSigned ? signing : { ...signing, issue: async () => ({ token: 't', user: 'u', expiresAtMs: 0 }) }
  const addressOf = () => at.address
  const http = new HttpWorld({ anonymous: anonymousRoute({ tokens, clock, addressOf, perAddressPerHour }) })
  const ask = (headers: Record<string, string> = {}) =>
    Promise.resolve(http.hono.request(PATH, { method: 'POST', headers }, { incoming: { headers: {}, socket: {} } }))
  const named = async (headers?: Record<string, string>) => (await (await ask(headers)).json()) as Answer
  return { clock, at, ask, named }
}

describe('POST anonymous', () => {
  it('gives whoever asks a token, which no cache keeps, and renews it for the same user', async () => {
    const { clock, ask, named } = world()
    const answer = await ask()
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { token, user } = (await answer.json()) as Answer
    await clock.pass(3_000_000)
    const again = await named({ authorization: `Bearer ${token}` })
    expect([again.user, again.token === token]).toEqual([user, false])
  })

  it('is not-found where it is not allowed', async () => {
    expect(await refusal(await new HttpWorld().post(PATH, '', {}))).toEqual([404, 'not-found'])
  })

  it('an address gets so many names an hour, told when the next one is to be had; another one is not held up', async () => {
    const { clock, at, ask } = world({ perAddressPerHour: 60 })
    for (let n = 0; n < 60; n++) expect((await ask()).status).toBe(200)
    const refused = await ask()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60'])
    at.address = '192.0.2.2'
    expect((await ask()).status).toBe(200)
    at.address = '192.0.2.1'
    await clock.pass(60_000)
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 429])
  })

  it('a renewal counts as no new name', async () => {
    const { clock, ask, named } = world({ perAddressPerHour: 1 })
    const { token } = await named()
    expect((await ask()).status).toBe(429)
    await clock.pass(2_000_000)
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200)
  })

  it('all addresses together get so many a second', async () => {
    const { clock, at, ask } = world({ isSigned: false })
    at.address = undefined
    const statuses = await Promise.all(Array.from({ length: 2100 }, async () => (await ask()).status))
    expect(statuses.filter((status) => status === 503)).toHaveLength(100)
    await clock.pass(1000)
    expect((await ask()).status).toBe(200)
  })

  it('a token that is not such a one is unauthenticated: it is no way to another name', async () => {
    const { ask } = world()
    expect(await refusal(await ask({ authorization: 'Bearer alice' }))).toEqual([401, 'unauthenticated'])
  })
})
