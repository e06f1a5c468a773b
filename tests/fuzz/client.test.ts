// Goal: whatever a server, a proxy or a bug says to a client, it neither fails nor waits for ever, and loses nothing that was saved. Method: a
// real replica in memory hears a server that spoils most of its frames and answers, in their structure and byte by byte, and that has a
// history of its own; then it is led to the real server, with which it must come right by itself: every copy equal, every mutation there.
import { describe, expect, inject, it } from 'vitest'
import { visit } from './visit.ts'

const VISITS = process.env.CI === undefined ? 20 : 200
const SEED = inject('seedFrom')

describe('a client that hears a hostile server', () => {
  it.each([
    ['', false],
    [' that acknowledges what no other server will ever know', true],
  ])(
    `[B7] [M5] [P7] [P8] [P9]%s: ${VISITS} times it comes right with an honest one, whose its copies are, and all that was saved is done or refused`,
    {
      timeout: 300_000,
    },
    async (_, acknowledges) => {
      let said = 0
      let saved = 0
      for (let seed = SEED; seed < SEED + VISITS; seed++) {
        const seen = await visit(seed, { acknowledges })
        expect(seen.failures, `seed ${seed}`).toEqual([])
        said += seen.said
        saved += seen.saved
      }
      console.log(`${VISITS} visits: ${said} hostile frames and answers, ${saved} mutations saved meanwhile`)
      expect(said).toBeGreaterThan(VISITS * 40)
      expect(saved).toBeGreaterThan(VISITS * 8)
    },
  )
})
