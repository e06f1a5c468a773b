import { InternalError } from '@tidemark/shared'

/**
 * A stored row whose checksum fails, or that is missing where it must be. It is never served. Remedy: restore from a backup;
 * the server's log names the row. Its content, and the row's name, stay out of the message, which may reach a client.
 */
export class CorruptRowError extends InternalError {
  /** Table and key, for the log. */
  readonly row: string

  constructor(row: string, cause?: unknown) {
    super('The changelog holds a damaged row, which is not served. The log of the server names it.', { cause })
    this.row = row
  }
}
