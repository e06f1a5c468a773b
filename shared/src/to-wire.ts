import type { SyncError, WireError } from './errors.ts'

/** An error as the wire writes it: without its cause, which is for the log. JSON leaves out what is undefined. Source: protocol §9. */
export function toWire({ code, message, retryable, afterMs, expected, n }: SyncError): WireError {
  return { code, message, retryable, afterMs, expected, n }
}
