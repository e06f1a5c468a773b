import { describe, expect, it, vi } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import { UnreadAnswers } from './unread-answers.ts'

function answer(writableLength: number) {
  let closed = () => {}
  const destroy = vi.fn(() => closed())
  return {
    writableLength,
    once(_: 'close', listener: () => void) {
      closed = listener
    },
    req: { socket: { destroy } },
    destroy,
    end: () => closed(),
  }
}

describe('answers that are not read', () => {
  it('are cut off past the bound, the oldest first; who takes theirs is left alone', async () => {
    const clock = new VirtualClock()
    const unread = new UnreadAnswers(clock, 100, 250)
    const answers = [answer(0), answer(60), answer(30), answer(40), answer(0)]
    for (const one of answers) unread.watch(one)
    await clock.pass(250)
    expect(answers.map(({ destroy }) => destroy.mock.calls.length)).toEqual([0, 1, 0, 0, 0])
    const late = answer(50)
    unread.watch(late)
    await clock.pass(250)
    expect(answers.map(({ destroy }) => destroy.mock.calls.length)).toEqual([0, 1, 1, 0, 0])
    expect(late.destroy).not.toHaveBeenCalled()
  })

  it('are looked at only while there are some', async () => {
    const clock = new VirtualClock()
    const unread = new UnreadAnswers(clock, 100, 250)
    const one = answer(10)
    unread.watch(one)
    await clock.pass(1000)
    expect(clock.timers).toBe(1)
    one.end()
    await clock.pass(250)
    expect(clock.timers).toBe(0)
  })
})
