import { describe, expect, it } from 'vitest'
import type { Clock } from './clock.ts'
import { within } from './deadline.ts'

describe('within', () => {
  /** A clock with one timer, run by hand. */
  function oneTimer() {
    const timer: { run: (() => void) | undefined } = { run: undefined }
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      after: (_ms, task) => {
        timer.run = task
        return () => {
          timer.run = undefined
        }
      },
    }
    return { clock, timer }
  }

  it('is what the work comes to, and leaves no timer behind', async () => {
    const { clock, timer } = oneTimer()
    await expect(within(clock, 5, Promise.resolve(7), () => new Error('late'))).resolves.toBe(7)
    expect(timer.run).toBeUndefined()
    await expect(within(clock, 5, Promise.reject(new Error('no')), () => new Error('late'))).rejects.toThrow('no')
    expect(timer.run).toBeUndefined()
  })

  it('is the late error when the time is up, whatever the work does after that', async () => {
    const { clock, timer } = oneTimer()
    const slow = Promise.withResolvers<number>()
    const answer = within(clock, 5, slow.promise, () => new Error('late'))
    timer.run?.()
    slow.reject(new Error('much later'))
    await expect(answer).rejects.toThrow('late')
  })
})
