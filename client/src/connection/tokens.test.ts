import { SyncError, TokenExpiredError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { handClock } from '../testing/hand-clock.ts'
import { createTokens, TOKEN_WITHIN_MS } from './tokens.ts'

describe('the token source', () => {
  it('is asked once, and again after a refusal, with its reason', async () => {
    const reasons: (SyncError | undefined)[] = []
    const tokens = createTokens((because) => {
      reasons.push(because)
      return `token ${reasons.length}`
    }, handClock())
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
    const tokens = createTokens(source, handClock())
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
    const tokens = createTokens(() => (answers.shift() as () => string)(), clock)
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unavailable', message: 'token() failed: Error: offline' })
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unauthenticated', message: 'token() returned no string' })
    await expect(tokens.get()).rejects.toMatchObject({ code: 'unauthenticated', message: 'token() returned no string' })
    const late = tokens.get()
    clock.advance(TOKEN_WITHIN_MS)
    await expect(late).rejects.toBeInstanceOf(SyncError)
    expect(await tokens.get()).toBe('good')
  })
})
