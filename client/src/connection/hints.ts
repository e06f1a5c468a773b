/** What path the device's packets take, as far as it tells: what one learns of a path holds for its like. */
export type NetworkKind = 'wifi' | 'cellular' | 'ethernet' | 'unknown'

/** What the device tells of the network: a reason to try or to look at once, never a gate, for it is wrong both ways. */
export interface Network {
  kind(): NetworkKind
  /** Something changed: back, gone, another one. The returned function ends it. */
  onChange(listener: () => void): () => void
}

/**
 * `show`: in front, thawed, come back. `back`: no longer in front, and still running. `touch`: the person's first touch after a while.
 * `hide`: frozen, or about to be left: nothing runs from here on, so the socket is closed.
 */
export type LifecycleEvent = 'show' | 'back' | 'touch' | 'hide'

/** The life of the page or app. */
export interface Lifecycle {
  /** Whether a person can see it now. */
  inFront(): boolean
  onChange(listener: (event: LifecycleEvent) => void): () => void
}

/** For where there is no page: a server, a worker, a test. */
export const NO_HINTS: Network & Lifecycle = { kind: () => 'unknown', inFront: () => true, onChange: () => () => {} }
