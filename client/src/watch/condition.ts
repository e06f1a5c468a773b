/** What a field has to fulfil. Made by the functions beside it. */
export interface Condition<V> {
  /** Equal for conditions that ask the same. */
  readonly key: string
  holds(value: V | undefined): boolean
}
