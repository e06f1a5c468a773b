import { afterEach, describe, expect, it, vi } from 'vitest'
import { browserTurn } from './browser-turn.ts'

/** Runs what takes some turns of the event loop, and says how many ran beside each other at most. */
async function mostAtOnce(names: readonly string[]): Promise<number> {
  let inside = 0
  let most = 0
  const work = async () => {
    most = Math.max(most, ++inside)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    inside--
  }
  await Promise.all(names.map((name) => browserTurn(name)(work)))
  return most
}

describe('a turn among the tabs of a device', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('comes when nobody else has one of that name, whatever became of theirs', async () => {
    expect(await mostAtOnce(['a token', 'a token', 'a token'])).toBe(1)
    expect(await mostAtOnce(['a token', 'another token'])).toBe(2)
    const fails = () => Promise.reject(new Error('no token'))
    await expect(browserTurn('a token')(fails)).rejects.toThrow('no token')
    expect(await mostAtOnce(['a token'])).toBe(1)
  })

  it.each([{}, undefined])('comes at once where there are no locks: navigator is %j', async (navigator) => {
    vi.stubGlobal('navigator', navigator)
    expect(await mostAtOnce(['a token', 'a token'])).toBe(2)
  })
})
