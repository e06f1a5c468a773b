import { ReadableStream } from 'node:stream/web'
import type { Encoding } from './accept-encoding.ts'
import { CODECS } from './codecs.ts'
import { CompressedBody } from './compressed-body.ts'
import { type BodySource, compressing } from './compressing.ts'

export interface CompressedBodiesBounds {
  /** Compressed bytes that are kept, and bodies. */
  readonly keptBytesMax: number
  readonly keptMax: number
  /** Bodies that are compressed at once. */
  readonly atOnceMax: number
}

/** Bodies compressed once for all who ask for the same, the oldest use first to go. */
export class CompressedBodies {
  readonly #bounds: CompressedBodiesBounds
  readonly #kept = new Map<string, CompressedBody>()
  #keptBytes = 0
  #underWay = 0
  #made = 0

  constructor(bounds: CompressedBodiesBounds) {
    this.#bounds = bounds
  }

  /** How many were compressed. */
  get made(): number {
    return this.#made
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** What `key` names, which must name its content; `source` has `bytes` bytes. Undefined while as many as may be are being compressed. */
  shared(key: string, encoding: Encoding, bytes: number, source: () => BodySource): CompressedBody | undefined {
    const name = `${encoding} ${key}`
    const kept = this.#kept.get(name)
    if (kept !== undefined) {
      this.#kept.delete(name)
      this.#kept.set(name, kept)
      return kept
    }
    if (this.#underWay >= this.#bounds.atOnceMax) return undefined
    this.#underWay++
    this.#made++
    const body = new CompressedBody(encoding, bytes, source())
    this.#kept.set(name, body)
    void body.ended.then(() => {
      this.#underWay--
      if (body.failed) this.#kept.delete(name)
      else this.#keptBytes += body.bytes
      this.#makeRoom()
    })
    return body
  }

  /** A body for one reader, at that reader's pace. Undefined while as many as may be are being compressed. */
  once(encoding: Encoding, source: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> | undefined {
    if (this.#underWay >= this.#bounds.atOnceMax) return undefined
    const pieces = this.#counted(encoding, source)
    return new ReadableStream(
      {
        async pull(controller) {
          const { done, value } = await pieces.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        },
        async cancel() {
          await pieces.return(undefined)
          // Where not a piece was asked for, nobody else has.
          if (!source.locked) await source.cancel()
        },
      },
      { highWaterMark: 0 },
    )
  }

  async *#counted(encoding: Encoding, source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#underWay++
    this.#made++
    try {
      const plain = yield* compressing(encoding, undefined, source)
      yield CODECS[encoding].closing(NOTHING, plain)
    } finally {
      this.#underWay--
    }
  }

  #makeRoom(): void {
    for (const [name, body] of this.#kept) {
      if (this.#kept.size <= this.#bounds.keptMax && this.#keptBytes <= this.#bounds.keptBytesMax) return
      if (!body.whole) continue
      this.#kept.delete(name)
      this.#keptBytes -= body.bytes
    }
  }
}

const NOTHING = new Uint8Array()
