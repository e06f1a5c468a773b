import { RejectedError, UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { Pending, Refused } from '../replica-api.ts'
import { MUTATIONS_SHOWN_MAX, pendingRows, refusedRows } from './outbox-rows.ts'

const made = { n: 1, space: 'room:1', name: 'send', args: { text: 'Secret words' }, madeMs: 1000, retry: () => {}, dismiss: async () => {} }
const pending = (more: Partial<Pending> = {}): Pending => ({ ...made, state: 'waiting', attempts: 0, lastError: undefined, ...more })
const says = (more: Partial<Pending>) => pendingRows([pending(more)], 5000)[0]?.says

describe('the rows of the outbox', () => {
  it('say how often something was sent, and why it is still here', () => {
    expect(says({})).toBe('not sent yet')
    expect(says({ state: 'sent', attempts: 1 })).toBe('sent once, no answer yet')
    expect(says({ attempts: 3, lastError: new UnavailableError('gone') })).toBe('sent 3 times: unavailable')
  })

  it('have ages that are never below zero: it was made by the server’s clock', () => {
    expect([5000, 1000, 0].map((nowMs) => pendingRows([pending()], nowMs)[0]?.ageMs)).toEqual([4000, 0, 0])
  })

  it('have nothing that somebody wrote, and are bounded', () => {
    const refused = { ...made, error: new RejectedError('Secret words') } as unknown as Refused
    expect(JSON.stringify([pendingRows([pending()], 0), refusedRows([refused], 0)])).not.toContain('Secret')
    expect(
      pendingRows(
        Array.from({ length: 500 }, () => pending()),
        0,
      ).length,
    ).toBe(MUTATIONS_SHOWN_MAX)
  })
})
