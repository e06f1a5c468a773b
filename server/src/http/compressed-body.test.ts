import { randomBytes } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { unfolded } from '../../test/unfolded.ts'
import { ENCODINGS } from './accept-encoding.ts'
import { CompressedBody } from './compressed-body.ts'

const bytesOf = (text: string) => Buffer.from(text)
const sentences = (count: number) => Array.from({ length: count }, (_, n) => `sentence ${n}: wie gesagt, 你好.`).join(' ')

/** Pieces that come when the test says so. */
function slowly() {
  const waiting: ((piece: Uint8Array | undefined) => void)[] = []
  const pieces: (Uint8Array | undefined)[] = []
  return {
    give(piece: Uint8Array | undefined) {
      const taker = waiting.shift()
      if (taker === undefined) pieces.push(piece)
      else taker(piece)
    },
    async *source() {
      for (;;) {
        const piece = pieces.length > 0 ? pieces.shift() : await new Promise<Uint8Array | undefined>((resolve) => waiting.push(resolve))
        if (piece === undefined) return
        yield piece
      }
    },
  }
}

describe.each(ENCODINGS)('a body in %s', (encoding) => {
  it.each([
    ['nothing', ''],
    ['one character', 'x'],
    ['a page', sentences(2000)],
    ['what cannot be made smaller', randomBytes(100_000).toString('latin1')],
  ])('of %s is what it was, with and without what is the reader’s own', async (_, text) => {
    const plain = bytesOf(text)
    const body = new CompressedBody(encoding, plain.length, [plain])
    await body.ended
    for (const own of ['', '}', ',"acked":[7,"9f86d08188c0ffee"]}', 'o'.repeat(1000)]) {
      const bytes = await buffer(body.stream(bytesOf(own)))
      expect(unfolded(encoding, bytes) === text + own).toBe(true)
      expect(body.length(bytesOf(own))).toBe(bytes.length)
    }
  })

  it('leaves in pieces while the rest is still to come, and begins for each reader at its beginning', async () => {
    const { give, source } = slowly()
    const body = new CompressedBody(encoding, 12_000_000, source())
    const early = body.stream(bytesOf('}')).getReader()
    // Brotli holds back up to 4 MiB, the others less.
    const piece = randomBytes(6_000_000)
    give(piece)
    const first = await early.read()
    expect(first.done).toBe(false)
    expect(body.length(bytesOf('}'))).toBeUndefined()
    give(piece)
    give(undefined)
    await body.ended
    const late = await buffer(body.stream(bytesOf('}')))
    const rest: Uint8Array[] = [first.value as Uint8Array]
    for (let next = await early.read(); !next.done; next = await early.read()) rest.push(next.value)
    expect(Buffer.concat(rest).equals(late)).toBe(true)
    expect(unfolded(encoding, late) === Buffer.concat([piece, piece, bytesOf('}')]).toString()).toBe(true)
  })

  it('whose source fails, fails for its readers, who never take half of it for all', async () => {
    const body = new CompressedBody(
      encoding,
      10,
      (async function* () {
        yield bytesOf('half')
        throw new Error('the disk')
      })(),
    )
    const reading = buffer(body.stream(bytesOf('')))
    await expect(reading).rejects.toThrow('the disk')
    await body.ended
    expect(body.failed).toBe(true)
  })
})
