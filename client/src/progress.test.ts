// Goal: a progress bar never goes back within one catch-up, and is full at its end. Method: statuses by hand, drawn as marbles, and any walk at all.
import fc from 'fast-check'
import { map } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { progressMeter } from './progress.ts'
import type { Phase, Progress, Status } from './replica-api.ts'

const space = (version: number, head: number, more: object = {}) => ({ version, head, seal: 'aaaaaaaa', partial: false, ...more }) as never
const status = (phase: Phase, spaces: Status['spaces'] = {}) => ({ phase, spaces })

/** Runs statuses through a meter of their own, in the time of a diagram. */
function draw(statuses: string, values: Record<string, ReturnType<typeof status>>, told: string, progress: Record<string, Progress>): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(({ hot, expectObservable }) => {
    expectObservable(hot(statuses, values).pipe(map(progressMeter()))).toBe(told, progress)
  })
}

describe('progress', () => {
  it('of a first sync is unknown until the server has said how much there is, and full when it is live', () => {
    draw(
      'a-b-c-d-e-|',
      {
        a: status('connecting', { 'room:1': space(0, 0) }),
        b: status('catching up', { 'room:1': space(0, 200) }),
        c: status('catching up', { 'room:1': space(50, 200) }),
        d: status('catching up', { 'room:1': space(200, 200, { partial: true }) }),
        e: status('live', { 'room:1': space(200, 200) }),
      },
      'a-b-c-d-e-|',
      {
        a: { behind: 0, spaces: 0, fraction: undefined },
        b: { behind: 200, spaces: 1, fraction: 0 },
        c: { behind: 150, spaces: 1, fraction: 0.25 },
        d: { behind: 0, spaces: 1, fraction: 1 },
        e: { behind: 0, spaces: 0, fraction: 1 },
      },
    )
  })

  it('goes on where it was after a connection that broke, does not go back for what the server gets meanwhile, and begins anew after live', () => {
    draw(
      'abcdef|',
      {
        a: status('catching up', { 'room:1': space(0, 100) }),
        b: status('catching up', { 'room:1': space(60, 100) }),
        c: status('waiting', { 'room:1': space(60, 100) }),
        d: status('catching up', { 'room:1': space(60, 500) }),
        e: status('live', { 'room:1': space(500, 500) }),
        f: status('catching up', { 'room:1': space(500, 510) }),
      },
      'abcdef|',
      {
        a: { behind: 100, spaces: 1, fraction: 0 },
        b: { behind: 40, spaces: 1, fraction: 0.6 },
        c: { behind: 40, spaces: 1, fraction: 0.6 },
        d: { behind: 440, spaces: 1, fraction: 0.6 },
        e: { behind: 0, spaces: 0, fraction: 1 },
        f: { behind: 10, spaces: 1, fraction: 0 },
      },
    )
  })

  it('stays full where the connection breaks and nothing is known to be lacking; what is denied lacks nothing', () => {
    draw('ab|', { a: status('live'), b: status('waiting', { 'room:1': space(3, 9, { denied: new Error('no') }) }) }, 'ab|', {
      a: { behind: 0, spaces: 0, fraction: 1 },
      b: { behind: 0, spaces: 0, fraction: 1 },
    })
  })

  it('is within 0 and 1, never goes back before the next live, and is the same object while nothing changes', () => {
    const phases: Phase[] = ['offline', 'connecting', 'greeting', 'catching up', 'live', 'waiting']
    const step = fc.record({ phase: fc.constantFrom(...phases), version: fc.nat(50), more: fc.nat(50), partial: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const meter = progressMeter()
        let before: Progress | undefined
        let isNew = true
        for (const { phase, version, more, partial } of steps) {
          const shown = status(phase, { 'room:1': space(version, version + more, { partial }), 'room:2': space(9, 9) })
          const now = meter(shown)
          expect(meter(shown)).toBe(now)
          const { fraction } = now
          if (fraction !== undefined) expect(fraction >= 0 && fraction <= 1).toBe(true)
          if (!isNew && before?.fraction !== undefined) expect(fraction ?? -1).toBeGreaterThanOrEqual(before.fraction)
          if (phase === 'live') expect(fraction).toBe(1)
          // A new catch-up begins with the first version that is lacking.
          isNew = phase === 'live' || (isNew && now.behind === 0)
          before = now
        }
      }),
    )
  })
})
