import { boolean, type Infer, number, object, optional, text } from './schema.ts'

/** An error as the wire writes it; `code` stays a text, so that a code which a later server invents is read as what it says. Source: protocol §9. */
export const wireError = object({
  code: text,
  message: text,
  retryable: optional(boolean),
  afterMs: optional(number),
  expected: optional(number),
  n: optional(number),
})
export type WireError = Infer<typeof wireError>
/** What a request that failed is answered with. */
export const errorBody = object({ error: wireError })
