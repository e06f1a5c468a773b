import { type Clock, SyncError, TokenExpiredError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { createRequestBudget } from './request-budget.ts'
import { createTokens, TOKEN_WITHIN_MS, type TokenSource, TURN_WITHIN_MS, type Turn } from './tokens.ts'

const alone: Turn = (work) => work()
const tokensOf = (source: TokenSource, clock: Clock = handClock(), turn: Turn = alone) =>
  createTokens(source, clock, turn, createRequestBudget(clock))

describe('the token source', () => {
  it('is asked once, and again after a refusal, with its reason', async () => {
    const reasons: (SyncError | undefined)[] = []
    const tokens = tokensOf((because) => {
      reasons.push(because)
      return `token ${reasons.length}`
    })
    expect(await Promise.all([tokens.get(), tokens.get()])).toEqual(['token 1', 'token 1'])
    expect(await tokens.get()).toBe('token 1')
    const expired = new TokenExpiredError()
    tokens.refuse(expired)
    expect(await tokens.get()).toBe('token 2')
    expect(reasons).toEqual([undefined, expired])
  })

  it('is asked once for all refusals that come while it answers', async () => {
    let asked = 0
    let answer = (_: string) => {}
    const source = () => {
      asked++
      return new Promise<string>((resolve) => {
        answer = resolve
      })
    }
    const tokens = tokensOf(source)
    const first = tokens.get()
    await Promise.resolve()
    tokens.refuse(new TokenExpiredError())
    const second = tokens.get()
    answer('fresh')
    expect(await Promise.all([first, second])).toEqual(['fresh', 'fresh'])
    expect([await tokens.get(), asked]).toEqual(['fresh', 1])
  })

  it('that throws, gives nothing or takes too long is a readable error, and is asked again', async () => {
    const clock = handClock()
    const answers: (() => string | Promise<string>)[] = [
      () => {
        throw new Error('offline')
      },
      () => '',
      () => ({ token: 'in an object' }) as never,
      () => new Promise(() => {}),
      () => 'good',
    ]
    const tokens = tokensOf(() => (answers.shift() as () => string)(), clock)
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unavailable', message: 'token() failed: Error: offline' })
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unauthenticated', message: 'token() returned no string' })
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unauthenticated', message: 'token() returned no string' })
    const late = tokens.get()
    clock.advance(TOKEN_WITHIN_MS)
    await expect(late).rejects.toBeInstanceOf(SyncError)
    expect(await tokens.get()).toBe('good')
  })

  it('is asked by one tab of a device at a time, and the next one asks when that is done', async () => {
    let last: Promise<unknown> = Promise.resolve()
    const turn: Turn = (work) => (last = last.then(work, work))
    let inside = 0
    let most = 0
    const source = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 1))
      inside--
      return 'fresh'
    }
    const tabs = Array.from({ length: 5 }, () => tokensOf(source, handClock(), turn))
    expect(await Promise.all(tabs.map((tokens) => tokens.get()))).toEqual(Array(5).fill('fresh'))
    expect(most).toBe(1)
  })

  it.each([
    ['never comes', () => new Promise<never>(() => {})],
    [
      'fails',
      () => {
        throw new Error('no locks here')
      },
    ],
  ] as [string, Turn][])('is asked all the same where its turn %s, and once only', async (_, turn) => {
    const clock = handClock()
    let asked = 0
    const tokens = tokensOf(() => `token ${++asked}`, clock, turn)
    const token = tokens.get()
    await new Promise((resolve) => setTimeout(resolve, 1))
    clock.advance(TURN_WITHIN_MS)
    expect(await token).toBe('token 1')
  })

  it('that fails without end is asked 100 times an hour at most, and then that is what is told', async () => {
    const clock = handClock()
    let asked = 0
    const tokens = tokensOf(() => {
      asked++
      throw new Error('offline')
    }, clock)
    let error: unknown
    for (let count = 0; count < 3600; count++) {
      error = await tokens.get().catch((error: unknown) => error)
      clock.advance(1000)
    }
    expect(asked).toBe(99)
    expect(error).toMatchObject({ code: 'rate-limited', retryable: true })
  })
})
