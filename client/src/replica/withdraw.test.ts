import { describe, expect, it } from 'vitest'
import { message, rangeOf } from '../testing/ranges.ts'
import { UNSETTLED_MUTATIONS_MAX } from './enqueue.ts'
import { code, done, openCore, refusal, room, rows, texts } from './model/open-core.ts'

const patch = (text: string) => ({ c: 'messages', id: 'a', set: { text } })
const counts = async (core: Awaited<ReturnType<typeof openCore>>['core']) => {
  const { confirmed, refused, pending, discarded } = await core.audit()
  return { confirmed, refused, pending, discarded }
}

describe('a pending mutation that is taken back', () => {
  it('shows no more, what lies on it runs again without it, and only its number goes out, in its place', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const first = await core.mutate(room, 'patch', patch('mine'))
    const made = await core.mutate(room, 'send', { id: 'b', text: 'two' })
    const onIt = await core.mutate(room, 'patch', { ...patch('on it'), id: 'b' })
    await core.withdraw(first.nonce)
    expect(await texts(core)).toEqual(['one', 'on it?'])
    await core.withdraw(made.nonce)
    expect(await texts(core)).toEqual(['one'])
    const bounds = { mutationsMax: 10, bytesMax: 10_000 }
    expect((await core.batch(bounds))?.mutations).toMatchObject([
      { n: 1, nonce: first.nonce, void: true },
      { n: 2, nonce: made.nonce, void: true },
      { n: 3, nonce: onIt.nonce, name: 'patch' },
    ])
    expect(JSON.stringify((await core.batch(bounds))?.mutations.slice(0, 2))).not.toContain('mine')
    expect(await counts(core)).toEqual({ confirmed: 0, refused: 0, pending: 1, discarded: 2 })
  })

  it('is discarded by its ack, or confirmed where the server had done it before [M2]', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const undone = await core.mutate(room, 'patch', patch('undone'))
    const doneBefore = await core.mutate(room, 'patch', patch('done before'))
    for (const { nonce } of [undone, doneBefore]) await core.withdraw(nonce)
    const ends = [undone, doneBefore].map((made) =>
      core.confirmed(made).then(
        () => 'confirmed',
        ({ code }) => code,
      ),
    )
    await core.settle([refusal(1, undone.nonce), done(2, doneBefore.nonce, { [room]: 2 })])
    expect(await Promise.all(ends)).toEqual(['rejected', 'confirmed'])
    expect(await counts(core)).toEqual({ confirmed: 1, refused: 0, pending: 0, discarded: 1 })
    expect([await rows(core, 'outbox'), await rows(core, 'refused')]).toEqual([[], []])
    expect(await rows(core, 'tail')).toMatchObject([
      { n: 1, void: true },
      { n: 2, args: patch('done before') },
    ])
    await core.apply(rangeOf(1, 2, [message(2, 'a', 'done before')]))
    expect(await texts(core)).toEqual(['done before'])
  })

  it('stays as it is once it is answered for, and twice is once', async () => {
    const { core } = await openCore()
    await core.apply(rangeOf(0, 1, [message(1, 'a', 'one')]))
    const made = [await core.mutate(room, 'patch', patch('done')), await core.mutate(room, 'patch', patch('refused'))] as const
    await core.settle([done(1, made[0].nonce, { [room]: 2 }), refusal(2, made[1].nonce)])
    for (const { nonce } of made) await core.withdraw(nonce)
    expect(await counts(core)).toEqual({ confirmed: 1, refused: 1, pending: 0, discarded: 0 })
    const { nonce } = await core.mutate(room, 'patch', patch('twice'))
    await core.withdraw(nonce)
    await core.withdraw(nonce)
    expect(await counts(core)).toEqual({ confirmed: 1, refused: 1, pending: 0, discarded: 1 })
  })

  it('is bounded: no more of them wait for the server than may be pending', async () => {
    const { core, storage } = await openCore()
    await core.apply(rangeOf(0, 1, []))
    const { nonce } = await core.mutate(room, 'send', { id: 'm', text: 'hi' })
    const gone = Array.from({ length: UNSETTLED_MUTATIONS_MAX }, (_, at) => ({
      ...{ n: at + 2, nonce: `${at}`, space: room, name: 'send', args: {}, madeMs: 0, touched: [], arrived: [], void: true },
    }))
    await storage.write(['outbox'], 'strict', async () => ({ result: 0, writes: [{ table: 'outbox', put: gone }] }))
    expect(await code(core.withdraw(nonce))).toBe('too-large')
    expect((await core.pending()).filter((row) => !row.void).length).toBe(1)
  })
})
