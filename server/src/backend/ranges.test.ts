// Goal: every range that the backend gives out makes a copy right, judged by a copy that follows protocol §1 by the letter.
import { describe, expect, it } from 'vitest'
import { after, BackendWorld, NEW, user } from '../../test/backend-world.ts'
import { Copy } from '../../test/copy.ts'

const alice = user('alice')

describe('ranges', () => {
  it('brings a copy from nothing to the head in pages', async () => {
    const world = new BackendWorld()
    for (let n = 1; n <= 5; n++) await world.put(alice, 'open:1', 'notes', `d${n % 3}`, { text: `t${n}` })
    const copy = new Copy()
    let range = await world.range(alice, 'open:1', NEW, { changesMax: 2 })
    copy.take(range)
    while (range.to < range.head) {
      range = await world.range(alice, 'open:1', after(range), { changesMax: 2 })
      copy.take(range)
    }
    expect(copy.verdicts).toEqual(['news', 'news', 'news'])
    expect(copy.documents).toEqual({ 'notes/d0': { text: 't3' }, 'notes/d1': { text: 't4' }, 'notes/d2': { text: 't5' } })
    const empty = await world.range(alice, 'open:1', after(range))
    expect(empty).toMatchObject({ from: 5, to: 5, head: 5, on: range.seal, seal: range.seal, changes: [] })
  })
})
