import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { ReadableStream } from 'node:stream/web'
import { describe, expect, it, vi } from 'vitest'
import { unfolded } from '../../test/unfolded.ts'
import { CompressedBodies } from './compressed-bodies.ts'

const NOTHING = new Uint8Array()
const bounds = { keptBytesMax: 100_000, keptMax: 10, atOnceMax: 3 }
const never = () =>
  (async function* (): AsyncGenerator<Uint8Array> {
    await new Promise(() => {})
  })()

describe('compressed bodies', () => {
  it('one of a name is made, however many ask, before it is whole and after', async () => {
    const bodies = new CompressedBodies(bounds)
    const ask = () => bodies.shared('a', 'gzip', 5, () => [Buffer.from('hello')])
    const crowd = Array.from({ length: 1000 }, ask)
    expect(new Set(crowd).size).toBe(1)
    await crowd[0]?.ended
    expect(ask()).toBe(crowd[0])
    expect(bodies.made).toBe(1)
    expect(bodies.shared('a', 'br', 5, () => [Buffer.from('hello')])).not.toBe(crowd[0])
  })

  it('no more are kept than the bounds say, in bytes and in number; the oldest use goes first', async () => {
    const bodies = new CompressedBodies(bounds)
    const keep = async (name: string, bytes: number) => bodies.shared(name, 'gzip', bytes, () => [randomBytes(bytes)])?.ended
    for (let n = 0; n < 50; n++) {
      await keep('used', 1000)
      await keep(`body ${n}`, 30_000)
      expect(bodies.keptBytes).toBeLessThan(100_000)
    }
    expect(bodies.made).toBe(51)
    for (let n = 0; n < 50; n++) await keep(`small ${n}`, 1)
    expect(bodies.keptBytes).toBeLessThan(10 * 20)
  })

  it('one that failed is not kept', async () => {
    const bodies = new CompressedBodies(bounds)
    const failing = bodies.shared('a', 'gzip', 1, () =>
      (async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half')
        throw new Error('the disk')
      })(),
    )
    await failing?.ended
    const good = bodies.shared('a', 'gzip', 1, () => [Buffer.from('x')])
    await good?.ended
    expect([failing?.failed, good?.failed, bodies.keptBytes]).toEqual([true, false, good?.bytes])
  })

  it('past what may be compressed at once the answer is to be sent as it is', async () => {
    const bodies = new CompressedBodies(bounds)
    for (let n = 0; n < 3; n++) expect(bodies.shared(`${n}`, 'gzip', 1, never)).toBeDefined()
    expect(bodies.shared('4', 'gzip', 1, never)).toBeUndefined()
    expect(bodies.once('gzip', new ReadableStream())).toBeUndefined()
    expect(bodies.shared('1', 'gzip', 1, never)).toBeDefined()
  })

  it('one for a single reader is made as fast as it is read, and frees its place at its end, and when the reader goes', async () => {
    const bodies = new CompressedBodies({ ...bounds, atOnceMax: 1 })
    let pulled = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++
          controller.enqueue(randomBytes(16_384))
        },
      })
    const reader = bodies.once('zstd', endless())?.getReader()
    await reader?.read()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(pulled).toBeLessThan(100)
    expect(bodies.once('zstd', endless())).toBeUndefined()
    await reader?.cancel()
    const hello = bodies.once('zstd', ReadableStream.from([Buffer.from('hello')]))
    expect(unfolded('zstd', await buffer(hello as never))).toBe('hello')
    const cancel = vi.fn()
    await bodies.once('zstd', new ReadableStream<Uint8Array>({ cancel }))?.cancel()
    expect(cancel).toHaveBeenCalledOnce()
    expect(bodies.once('zstd', endless())).toBeDefined()
  })

  it('a reader is given all of one that was dropped meanwhile', async () => {
    const bodies = new CompressedBodies({ ...bounds, keptMax: 1 })
    const first = bodies.shared('a', 'gzip', 5, () => [Buffer.from('hello')])
    const reading = first?.stream(NOTHING)
    await bodies.shared('b', 'gzip', 5, () => [Buffer.from('world')])?.ended
    expect(unfolded('gzip', await buffer(reading as never))).toBe('hello')
  })
})
