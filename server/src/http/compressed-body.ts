import { ReadableStream } from 'node:stream/web'
import type { Encoding } from './accept-encoding.ts'
import { CODECS, type Plain } from './codecs.ts'
import { type BodySource, compressing } from './compressing.ts'

/**
 * A body on its way through a compressor, at its own pace. Each reader is given it from its beginning, as fast as that reader takes it:
 * the first pieces while the rest is being made.
 */
export class CompressedBody {
  readonly encoding: Encoding
  /** Resolves when it is whole or has failed; never rejects. */
  readonly ended: Promise<void>
  readonly #chunks: Uint8Array[] = []
  #state:
    | { readonly name: 'flowing' }
    | { readonly name: 'whole'; readonly plain: Plain }
    | { readonly name: 'failed'; readonly error: unknown } = { name: 'flowing' }
  #bytes = 0
  #more = Promise.withResolvers<void>()

  /** `bytes`: how long the source is. */
  constructor(encoding: Encoding, bytes: number, source: BodySource) {
    this.encoding = encoding
    this.ended = this.#make(bytes, source)
  }

  get failed(): boolean {
    return this.#state.name === 'failed'
  }

  get whole(): boolean {
    return this.#state.name === 'whole'
  }

  /** Bytes made so far, those of a closing not among them. */
  get bytes(): number {
    return this.#bytes
  }

  /** What it will have in all, with what is the reader's own; undefined while that is not known. */
  length(own: Uint8Array): number | undefined {
    return this.#state.name === 'whole' ? this.#bytes + CODECS[this.encoding].closing(own, this.#state.plain).length : undefined
  }

  stream(own: Uint8Array): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#read(own))
  }

  async *#read(own: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; ; at++) {
      while (at === this.#chunks.length && this.#state.name === 'flowing') await this.#more.promise
      if (this.#state.name === 'failed') throw this.#state.error
      const chunk = this.#chunks[at]
      if (chunk !== undefined) yield chunk
      else if (this.#state.name === 'whole') return yield CODECS[this.encoding].closing(own, this.#state.plain)
    }
  }

  async #make(bytes: number, source: BodySource): Promise<void> {
    try {
      const pieces = compressing(this.encoding, bytes, source)
      for (;;) {
        const next = await pieces.next()
        if (next.done === true) {
          this.#state = { name: 'whole', plain: next.value }
          break
        }
        // A piece of a larger buffer would keep all of that.
        this.#chunks.push(next.value.length === next.value.buffer.byteLength ? next.value : Uint8Array.from(next.value))
        this.#bytes += next.value.length
        this.#more.resolve()
        this.#more = Promise.withResolvers()
      }
    } catch (error) {
      this.#state = { name: 'failed', error }
    }
    this.#more.resolve()
  }
}
