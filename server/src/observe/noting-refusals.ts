import type { ErrorCode } from '@tidemark/shared'
import type { RefusedOf } from './refused-of.ts'

/** The same metrics, and each refusal of which it is known whose it is told to `note`, too. */
export function notingRefusals<M extends { refused(code: ErrorCode, of?: RefusedOf): void }>(
  metrics: M,
  note: (code: ErrorCode, of: RefusedOf) => void,
): M {
  return {
    ...metrics,
    refused(code: ErrorCode, of?: RefusedOf) {
      metrics.refused(code, of)
      if (of !== undefined) note(code, of)
    },
  }
}
