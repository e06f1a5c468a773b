import { describe, expect, it } from 'vitest'
import { suspendedQuestions } from './suspended-questions.ts'

const MAX = 3
const filtered = (number: number) => JSON.stringify([1, 'room:1', 'messages', null, [`filter ${number}`], [], null])

describe('questions that suspend and differ in a function alone', () => {
  function counted() {
    let nowMs = 0
    const pass = (ms: number) => {
      nowMs += ms
    }
    const { suspended, shown } = suspendedQuestions({ monotonicMs: () => nowMs } as never, MAX)
    const suspend = (times: number) => Array.from({ length: times }, (_, at) => suspended(filtered(at)))
    return { suspended, shown, suspend, pass }
  }

  it('are an error when too many were never shown, for as long as React needs to believe it', () => {
    const { suspend, pass } = counted()
    suspend(MAX)
    expect(() => suspend(1)).toThrow(/filter\(\) has to be the same/)
    pass(1_000)
    expect(() => suspend(1)).toThrow(/filter\(\) has to be the same/)
    pass(1)
    suspend(MAX)
  })

  it('count anew once one of them is shown; others than those do not count', () => {
    const { suspended, shown, suspend } = counted()
    suspend(MAX)
    shown(filtered(7))
    suspend(MAX)
    for (let at = 0; at < 10; at++) suspended(JSON.stringify([1, 'room:1', 'messages', null, ['text "filter 1"', `n ${at}`], [], null]))
  })
})
