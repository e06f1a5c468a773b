import { UnavailableError } from '@tidemark/shared'
import type { Log } from '../observe/log.ts'
import { STORE_RETRY_MS } from './bounds.ts'

/** What is done with the store. */
export type StorePart = 'open' | 'lane' | 'append' | 'merge' | 'forget'

/** Tells the log once that the store of lanes fails, and once that all of it works again, however often it is tried meanwhile. */
export class StoreHealth {
  readonly #log: Log
  /** What failed when it was tried last. */
  readonly #failing = new Set<StorePart>()

  constructor(log: Log) {
    this.#log = log
  }

  failed(part: StorePart, error: unknown): void {
    if (this.#failing.size === 0)
      this.#log.error({ err: error, part }, 'lanes cannot be kept: they take nothing until that is mended; the log goes on')
    this.#failing.add(part)
  }

  works(part: StorePart): void {
    if (this.#failing.delete(part) && this.#failing.size === 0) this.#log.info({}, 'lanes are kept again')
  }
}

/** What a client is told of it. */
export function cannotKeep(cause?: unknown): UnavailableError {
  return new UnavailableError('Lanes cannot be kept now. Try again.', { cause, afterMs: STORE_RETRY_MS })
}
