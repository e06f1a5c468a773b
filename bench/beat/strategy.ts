/** A device that keeps one connection alive in its own way. */
export interface Strategy {
  /** The path changed, and the device was told. */
  moved(): void
  /** From one beat to the next as it is now, in s. */
  intervalS(): number
  /** Whether it takes that for what the path allows. */
  settled(): boolean
  readonly beats: number
  readonly probes: number
}
