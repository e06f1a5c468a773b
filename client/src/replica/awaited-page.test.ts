// Windows [W1], pages of older documents [W2], and what races with them, on the storage in memory.
import type { Change, OlderPage, Standing } from '@tidemark/shared'
import { describe, expect, it } from 'vitest'
import { message, rangeOf } from '../testing/ranges.ts'
import { KEPT_MAX } from './awaited-page.ts'
import { code, counter, done, openCore, room, rows, texts, value } from './model/open-core.ts'
import type { ReplicaCore } from './replica-core.ts'
import { HEAD_WITHIN_MS } from './served-core.ts'

const del = (v: number, id: string) => ({ v, c: 'messages', id, del: true }) as unknown as Change
const page = (head: number, floor: number, docs: readonly Change[], seal = `s${head}`) =>
  ({ docs, floor, head, seal }) as unknown as OlderPage
const floorsOf = async (core: ReplicaCore) => (await core.copies([room])).get(room)?.floors

/** A page that is asked for now, and that comes when `take` is called. */
async function awaitOlder(core: ReplicaCore, holds = async (_: Standing) => false) {
  let answer = (_: OlderPage) => {}
  let taken: ReturnType<ReplicaCore['takeOlder']> = Promise.resolve(undefined)
  const before = await new Promise<number>((asked, failed) => {
    const page = (before: number) => {
      asked(before)
      return new Promise<OlderPage>((resolve) => {
        answer = resolve
      })
    }
    taken = core.takeOlder(room, 'messages', { page, holds })
    taken.catch(failed)
  })
  return {
    before,
    take(page: OlderPage) {
      answer(page)
      return taken
    },
  }
}
/** A copy at 10 whose window begins after 5. */
async function cut() {
  const opened = await openCore()
  const changes = [message(8, 'h', 'eight'), message(9, 'i', 'nine')]
  await opened.core.apply(rangeOf(0, 10, changes, { compacted: true, floors: { messages: 5 } }))
  return opened
}
/** What is older than its window. */
const older = [message(5, 'e', 'five'), message(7, 'd', 'four', { b: 4 })]

describe('a window', () => {
  it("[W1] of the floors in a run's pages the highest counts, and it is kept through a restart", async () => {
    const { core, storage } = await openCore()
    await core.apply(
      rangeOf(0, 6, [message(6, 'f', 'six')], { compacted: true, head: 10, seal: 'r6~', floors: { messages: 5, counters: 2 } }),
    )
    storage.crash()
    const { core: again } = await openCore({ storage: storage.reopen() })
    await again.apply(
      rangeOf(6, 8, [message(8, 'h', 'eight')], { compacted: true, head: 10, on: 'r6~', seal: 'r8~', floors: { messages: 4 } }),
    )
    await again.apply(rangeOf(8, 10, [], { compacted: true, on: 'r8~', floors: { messages: 7 } }))
    expect((await again.copies([room])).get(room)).toMatchObject({ partial: false, floors: { messages: 7, counters: 2 } })
  })

  it('floor that moves in a run: what changed while it rose is here, and a later page brings nothing stale', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 3, [message(3, 'y', 'y')], { compacted: true, head: 6, seal: 'r3~', floors: { messages: 2 } }))
    const changed = message(7, 'y', 'y changed', { b: 3 })
    await core.apply(rangeOf(3, 8, [changed, message(8, 'z', 'z')], { compacted: true, on: 'r3~', floors: { messages: 5 } }))
    expect(await texts(core)).toEqual(['y changed', 'z'])
    const asked = await awaitOlder(core)
    expect(await asked.take(page(8, 0, [message(3, 'y', 'y'), message(1, 'x', 'x')]))).toEqual({ added: 1, floor: 0 })
    expect(await texts(core)).toEqual(['x', 'y changed', 'z'])
  })

  it('stale by a floor: a run that begins where the copy stands may not cut it again [W1]', async () => {
    const { core } = await cut()
    await (await awaitOlder(core)).take(page(10, 0, [message(2, 'x', 'x')]))
    const again = rangeOf(10, 20, [message(20, 'w', 'w')], { compacted: true, floors: { messages: 19 } })
    expect(await core.apply(again)).toEqual({ verdict: 'lost', standing: { version: 0, seal: '' }, whole: false })
    await core.apply(
      rangeOf(0, 20, [message(20, 'w', 'w'), message(18, 'x', 'x changed', { b: 2 })], { compacted: true, floors: { messages: 19 } }),
    )
    expect(await texts(core)).toEqual(['x changed', 'w'])
    expect(await floorsOf(core)).toEqual({ messages: 19 })
  })

  it('[C3] a `set` for a document below the floor is damage: the copy begins anew', async () => {
    const { core } = await cut()
    const set = { v: 11, c: 'messages', id: 'e', set: { text: 'changed' } } as never
    expect(await core.apply(rangeOf(10, 11, [set]))).toEqual({ verdict: 'lost', standing: { version: 0, seal: '' }, whole: false })
    expect(await texts(core)).toEqual(['eight', 'nine'])
    await core.apply(rangeOf(0, 11, [message(11, 'e', 'changed', { b: 5 })], { compacted: true, floors: { messages: 10 } }))
    expect(await texts(core)).toEqual(['changed'])
  })

  it('[R6] the floors of a reset take the place of the old ones with its last page', async () => {
    const { core, storage } = await cut()
    const first = { reset: 'history', on: 's10', seal: 't6~', compacted: true, head: 12, floors: { counters: 2 } }
    await core.apply(rangeOf(0, 6, [message(6, 'n', 'new')], first))
    expect(await texts(core)).toEqual(['eight', 'nine'])
    expect((await core.copies([room])).get(room)).toMatchObject({ partial: true, floors: { messages: 5 } })
    storage.crash()
    const { core: again } = await openCore({ storage: storage.reopen() })
    expect(await code(awaitOlder(again))).toBe('unavailable')
    await again.apply(rangeOf(6, 12, [], { on: 't6~', compacted: true }))
    expect(await texts(again)).toEqual(['new'])
    expect(await floorsOf(again)).toEqual({ counters: 2 })
  })

  it('the floors go with the copy [B8]', async () => {
    const { core } = await cut()
    await core.drop(room)
    await core.apply(rangeOf(0, 12, [], {}))
    expect(await floorsOf(core)).toEqual({})
  })
})

describe('a page of older documents', () => {
  it('[W1] is asked for from the floor on, brings what is not here, and moves the floor; all of it outlives a restart', async () => {
    const { core, storage } = await cut()
    const asked = await awaitOlder(core)
    expect(asked.before).toBe(5)
    expect(await asked.take(page(10, 3, older))).toEqual({ added: 2, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'five', 'eight', 'nine'])
    storage.crash()
    const { core: again } = await openCore({ storage: storage.reopen() })
    expect((await awaitOlder(again)).before).toBe(3)
    expect(await texts(again)).toEqual(['four', 'five', 'eight', 'nine'])
  })

  it('[W2] is asked for only of a whole copy', async () => {
    const { core } = await openCore()
    expect(await code(awaitOlder(core))).toBe('unavailable')
    await core.apply(rangeOf(0, 6, [], { compacted: true, head: 10, seal: 'r6~', floors: { messages: 5 } }))
    expect(await code(awaitOlder(core))).toBe('unavailable')
  })

  it('older page from a lagging node: an answer below the number that the copy had is dropped [W2]', async () => {
    const { core } = await cut()
    await core.apply(rangeOf(10, 11, [del(11, 'e')]))
    const asked = await awaitOlder(core)
    expect(await asked.take(page(10, 3, older))).toBeUndefined()
    expect(await texts(core)).toEqual(['eight', 'nine'])
    expect(await floorsOf(core)).toEqual({ messages: 5 })
  })

  it('resurrection by an older page: what was deleted while it was awaited stays deleted [W2]', async () => {
    const { core } = await cut()
    const asked = await awaitOlder(core)
    await core.apply(rangeOf(10, 11, [del(11, 'e')]))
    expect(await asked.take(page(10, 3, older))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'eight', 'nine'])
  })

  it('a document that was deleted and is back in what is read since is taken from the page that knows of both', async () => {
    const { core } = await cut()
    const asked = await awaitOlder(core)
    await core.apply(rangeOf(10, 13, [del(11, 'e')]))
    expect(await asked.take(page(13, 3, [message(13, 'e', 'back in sight', { b: 5 })]))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['back in sight', 'eight', 'nine'])
  })

  it('[W2] a document that changed while it was awaited keeps its change', async () => {
    const { core } = await cut()
    const asked = await awaitOlder(core)
    await core.apply(rangeOf(10, 11, [message(11, 'e', 'five changed', { b: 5 })]))
    expect(await asked.take(page(10, 3, older))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'five changed', 'eight', 'nine'])
  })

  it('[W2] a page that is ahead of the copy waits for the range that leads there', async () => {
    const { core } = await cut()
    const asked = await awaitOlder(core)
    const ahead = [message(12, 'e', 'five, twice changed', { b: 5 }), message(7, 'd', 'four', { b: 4 })]
    const taken = asked.take(page(12, 3, ahead))
    await core.apply(rangeOf(10, 11, [message(11, 'e', 'five changed', { b: 5 })]))
    expect(await texts(core)).toEqual(['five changed', 'eight', 'nine'])
    expect(await floorsOf(core)).toEqual({ messages: 5 })
    await core.apply(rangeOf(11, 12, [message(12, 'e', 'five, twice changed', { b: 5 })]))
    expect(await taken).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'five, twice changed', 'eight', 'nine'])
  })

  it('changes of which this tab heard nothing: a page that may know less than them is asked for again', async () => {
    const { core, storage } = await cut()
    const { core: otherTab } = await openCore({ storage: storage.reopen() })
    const [asked, heard] = [await awaitOlder(core), await awaitOlder(core)]
    await otherTab.apply(rangeOf(10, 11, [del(11, 'e')]))
    expect(await asked.take(page(10, 3, older))).toBeUndefined()
    // Heard although it was a repeat by then.
    expect((await core.apply(rangeOf(10, 11, [del(11, 'e')]))).verdict).toBe('repeat')
    expect(await heard.take(page(10, 3, older))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'eight', 'nine'])
  })

  it('[W2] a range that comes in the moment in which a page is asked for is heard', async () => {
    const { core } = await cut()
    const asking = awaitOlder(core)
    await core.apply(rangeOf(10, 11, [del(11, 'e')]))
    expect(await (await asking).take(page(10, 3, older))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'eight', 'nine'])
  })

  it('of two tabs that ask at once one moves the floor, and the other page brings nothing more', async () => {
    const { core, storage } = await cut()
    const { core: otherTab } = await openCore({ storage: storage.reopen() })
    const asked = await awaitOlder(core)
    await (await awaitOlder(otherTab)).take(page(10, 3, older))
    expect(await asked.take(page(10, 4, older.slice(0, 1)))).toEqual({ added: 0, floor: 3 })
    expect(await floorsOf(core)).toEqual({ messages: 3 })
  })

  it('more deletions than are kept: it is asked for again', async () => {
    const { core } = await cut()
    const [asked, again] = [await awaitOlder(core), await awaitOlder(core)]
    await core.apply(
      rangeOf(
        10,
        11,
        Array.from({ length: KEPT_MAX + 1 }, (_, n) => del(11, `gone ${n}`)),
      ),
    )
    await core.apply(rangeOf(11, 12, [del(12, 'e')]))
    expect(await asked.take(page(10, 3, older))).toBeUndefined()
    expect(await again.take(page(12, 3, older.slice(1)))).toEqual({ added: 1, floor: 3 })
  })

  describe('[W2] older page of a history that was taken back', () => {
    // Read at 12 of a history in which 11 deleted four and 12 changed five: both are lost with it.
    const lost = () => page(12, 3, [message(12, 'e', 'five of the lost history', { b: 5 })], 'lost12')

    it('is dropped where the copy came to its head in another one', async () => {
      const { core } = await cut()
      const asked = await awaitOlder(core, () => expect.unreachable('nobody has to be asked'))
      const taken = asked.take(lost())
      await core.apply(rangeOf(10, 12, [message(12, 'j', 'ten')]))
      expect(await taken).toBeUndefined()
      expect([await texts(core), await floorsOf(core)]).toEqual([['eight', 'nine', 'ten'], { messages: 5 }])
      expect(await (await awaitOlder(core)).take(page(12, 3, older))).toEqual({ added: 2, floor: 3 })
    })

    it('is dropped where the copy passed its head, unless the server has that head and seal after this', async () => {
      const { core } = await cut()
      const asked: (Standing & { readonly copy: number | undefined })[] = []
      const holding = (isHeld: boolean) => async (at: Standing) => {
        asked.push({ ...at, copy: (await core.copies([room])).get(room)?.version })
        return isHeld
      }
      const [dropped, kept] = [await awaitOlder(core, holding(false)), await awaitOlder(core, holding(true))]
      const takenBack = dropped.take(lost())
      await core.apply(rangeOf(10, 13, [del(13, 'd')]))
      expect(await takenBack).toBeUndefined()
      expect(await floorsOf(core)).toEqual({ messages: 5 })
      expect(await kept.take(page(12, 3, older))).toEqual({ added: 1, floor: 3 })
      expect(asked).toEqual([
        { version: 12, seal: 'lost12', copy: 13 },
        { version: 12, seal: 's12', copy: 13 },
      ])
      expect(await texts(core)).toEqual(['five', 'eight', 'nine'])
    })

    it('needs no question where the copy stood at its head on the way', async () => {
      const { core } = await cut()
      const asked = await awaitOlder(core, () => expect.unreachable('nobody has to be asked'))
      await core.apply(rangeOf(10, 11, []))
      await core.apply(rangeOf(11, 13, []))
      expect(await asked.take(page(11, 3, older))).toEqual({ added: 2, floor: 3 })
    })

    it('is asked for again where the copy does not come to its head in time', async () => {
      const { core, clock } = await cut()
      const taken = (await awaitOlder(core)).take(lost())
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(HEAD_WITHIN_MS)
      expect(await taken).toBeUndefined()
      expect(await floorsOf(core)).toEqual({ messages: 5 })
    })
  })

  const voided: Record<string, (core: ReplicaCore) => Promise<unknown>> = {
    'a reset': (core) => core.apply(rangeOf(0, 10, [], { reset: 'history', on: 's10', seal: 't10', floors: { messages: 5 } })),
    'the first page of a reset': (core) => core.apply(rangeOf(0, 6, [], { reset: 'history', on: 's10', seal: 't6~', head: 10 })),
    'a reset for rights': (core) => core.apply(rangeOf(0, 10, [], { reset: 'rights', on: 's10', seal: 't10', floors: { messages: 5 } })),
    'damage [C3]': (core) => core.apply(rangeOf(10, 11, [{ v: 11, c: 'messages', id: 'e', set: { text: '' } } as never])),
    'the end of the right [B8]': (core) => core.drop(room),
    'a run that is not over': (core) => core.apply(rangeOf(10, 11, [], { compacted: true, head: 12, seal: 'r11~' })),
  }
  for (const [what, happens] of Object.entries(voided))
    it(`late answer of a dead history: ${what} voids it [W2]`, async () => {
      const { core, storage } = await cut()
      const asked = await awaitOlder(core)
      await happens(core)
      const before = storage.dump()
      expect(await code(asked.take(page(12, 3, older)))).toBe('unavailable')
      expect(storage.dump()).toBe(before)
    })

  it('it is taken after a compacted run that ended meanwhile, deletions of its pages included [C2]', async () => {
    const { core } = await cut()
    const asked = await awaitOlder(core)
    await core.apply(rangeOf(10, 14, [del(12, 'e')], { compacted: true, head: 20, seal: 'r14~' }))
    await core.apply(rangeOf(14, 20, [], { compacted: true, on: 'r14~' }))
    expect(await asked.take(page(10, 3, older))).toEqual({ added: 1, floor: 3 })
    expect(await texts(core)).toEqual(['four', 'eight', 'nine'])
  })
})

describe('older documents under what is pending', () => {
  it('a pending mutation on a document that was not here lies on top of it, and leaves it in its place', async () => {
    const { core } = await cut()
    const doc = { text: 'mine', author: 'alice', sentAtMs: 1 }
    const { nonce } = await core.mutate(room, 'put', { c: 'messages', id: 'e', doc })
    expect(await texts(core)).toEqual(['eight', 'nine', 'mine?'])
    await (await awaitOlder(core)).take(page(10, 3, older))
    expect(await texts(core)).toEqual(['four', 'mine?', 'eight', 'nine'])
    expect(await rows(core, 'base')).toMatchObject([{ id: 'e', at: { doc: { text: 'five' }, v: 5, b: 5 } }])
    await core.settle([{ n: 1, nonce, error: { code: 'rejected', message: 'no', retryable: false } }])
    expect(await texts(core)).toEqual(['four', 'five', 'eight', 'nine'])
  })

  it('a pending deletion of a document that was not here hides it', async () => {
    const { core } = await cut()
    await core.mutate(room, 'delete', { c: 'messages', id: 'e' })
    await (await awaitOlder(core)).take(page(10, 3, older))
    expect(await texts(core)).toEqual(['four', 'eight', 'nine'])
  })

  it('what is pending and already in a page is counted once', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 10, [], { compacted: true, floors: { counters: 5 } }))
    const { nonce } = await core.mutate(room, 'increment', { id: 'k' })
    // It ran at 11, on the 5 that was not here, and at first only the page knows.
    const answer = page(11, 3, [counter(11, 'k', 6, { b: 4 })])
    const taken = core.takeOlder(room, 'counters', { page: async () => answer, holds: async () => false })
    expect(await value(core, room, 'k')).toBe(1)
    await core.apply(rangeOf(10, 11, [counter(11, 'k', 6, { b: 4, o: nonce })]))
    expect(await taken).toEqual({ added: 0, floor: 3 })
    expect(await value(core, room, 'k')).toBe(6)
    await core.settle([done(1, nonce, { [room]: 11 })])
    expect(await value(core, room, 'k')).toBe(6)
  })
})
