import type { Observed } from '../observed.ts'

/** What stands behind one tab. */
export interface View {
  readonly element: HTMLElement
  /** Before each picture in which it is seen. */
  show(observed: Observed): void
  /** What its tab says beside its name, such as a count; undefined: nothing. */
  badge?(observed: Observed): string | undefined
  /** It is seen from now on. */
  opened?(observed: Observed): void
}
