// What a change costs: counted work, not time. docs/performance.md has the time.
import { describe, expect, it } from 'vitest'
import type { DocumentFields } from './field.ts'
import { questionOf, testBy } from './question.ts'
import { type DocumentChange, type Result, resultOf } from './result.ts'

const DOCUMENTS = 10_000
/** Fields that were looked at to order documents, and documents that were tested. */
let looked = 0
let tested = 0
const document = (at: number, rank: number): DocumentFields => ({
  $id: `d${at}`,
  $b: at,
  $s: 1,
  get rank() {
    looked++
    return rank
  },
})
const asked = (limit = Number.POSITIVE_INFINITY) =>
  questionOf({
    replica: 1,
    space: 'room:1',
    collection: 'messages',
    tests: [
      testBy(() => {
        tested++
        return true
      }),
    ],
    order: [['rank', 'desc']],
    limit,
  })
const change = (before?: DocumentFields, after?: DocumentFields): DocumentChange => ({
  before,
  after,
  fields: { updatedFields: {}, removedFields: [] },
})
const moves = (result: Result, ...changes: DocumentChange[]) =>
  result.take(changes).map(({ doc, queueType, dataType }) => `${doc.$id} ${dataType}+${queueType}`)

describe(`a change in a result of ${DOCUMENTS} documents`, () => {
  it('is found and placed by some 40 comparisons, and tests one document', () => {
    const documents = Array.from({ length: DOCUMENTS }, (_, at) => document(at, at % 100))
    for (const limit of [undefined, 50]) {
      const result = resultOf(asked(limit), documents)
      looked = tested = 0
      const before = documents[4321] as DocumentFields
      const after = document(4321, 1000)
      expect(moves(result, change(before, after)).length).toBe(limit ? 2 : 1)
      expect(result.docs[0]).toBe(after)
      expect(tested).toBe(1)
      // Two are looked at in each of log2(10,000) = 14 steps; a few searches.
      expect(looked).toBeLessThan(2 * 14 * 8)
      // Asked anew: all of them.
      looked = tested = 0
      resultOf(asked(limit), documents)
      expect([tested, looked > 50 * DOCUMENTS ** 0.5]).toEqual([DOCUMENTS, true])
    }
  })

  it('leaves the arrays that were given out as they were', () => {
    const documents = Array.from({ length: 5 }, (_, at) => document(at, at))
    const result = resultOf(asked(3), documents)
    const { docs } = result
    const given = [...docs]
    // Beyond the limit nothing of it is seen.
    expect(moves(result, change(documents[0], document(0, 0.5)))).toEqual([])
    expect(result.docs).toBe(docs)
    moves(result, change(documents[4]))
    expect([docs, result.docs === docs]).toEqual([given, false])
  })

  it('is told as itself, and what it moves across the limit as `limit`', () => {
    const [a, b, c, d, e] = Array.from({ length: 5 }, (_, at) => document(at, 10 - at))
    const result = resultOf(asked(3), [a, b, c, d, e] as DocumentFields[])
    // Two leave, one comes in by itself, behind one that the limit lets in.
    const z = document(9, 6.5)
    expect(moves(result, change(a), change(b), change(undefined, z))).toEqual([
      'd0 remove+dequeue',
      'd1 remove+dequeue',
      'd9 add+enqueue',
      'd3 limit+enqueue',
    ])
    expect(result.docs).toEqual([c, d, z])
  })
})
