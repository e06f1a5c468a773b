import { UnavailableError } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import type { Status } from '../replica-api.ts'
import { phaseWords } from './phase-words.ts'

const words = (more: Partial<Status>, connected: 'here' | 'elsewhere' = 'here', lead?: number) =>
  phaseWords({ phase: 'live', spaces: {}, pending: 0, refused: 0, beatS: 30, storage: { durable: true }, ...more }, connected, lead, 10_000)

describe('the sentence of the panel', () => {
  it('says what is true, and what waits', () => {
    expect(words({}).sentence).toBe('All that is followed is up to date.')
    expect(words({ phase: 'offline', pauses: ['app'], pending: 2 }).sentence).toBe(
      'Paused by the app: nothing is sent or received until resume(). 2 changes wait.',
    )
    expect(words({ phase: 'catching up', pending: 1, blocked: new UnavailableError('no') }).sentence).toBe(
      'What is open is being asked for. 1 change waits, held back: unavailable.',
    )
  })

  it('says why there is no connection, and counts down to the next', () => {
    const because = new UnavailableError('the connection ended with code 1006')
    const waiting = (retryAtMs: number) => words({ phase: 'waiting', because, retryAtMs })
    expect(waiting(14_000)).toMatchObject({
      sentence: 'No connection: the connection ended with code 1006.',
      countdown: 'Tries again in 4 s.',
      tide: 'waiting',
    })
    expect(waiting(10_200).countdown).toBe('Tries again now.')
  })

  it('says which tab leads, where there are several', () => {
    expect(words({}, 'here', 7).sentence).toMatch(/ This tab leads \(number 7\)\.$/)
    expect(words({}, 'elsewhere', 7).sentence).toMatch(/ Another tab \(number 7\) is connected for this one\.$/)
  })
})
