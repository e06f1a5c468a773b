/** What the device tells of the network: a reason to try or to look at once, never a gate, for it is wrong both ways. */
export interface Network {
  /** Something changed: back, gone, another one. The returned function ends it. */
  onChange(listener: () => void): () => void
}

/** `hide`: frozen, or about to be left: nothing runs from here on, so the socket is closed. `show`: in front, thawed, come back. */
export type LifecycleEvent = 'show' | 'hide'

/** The life of the page or app. */
export interface Lifecycle {
  onChange(listener: (event: LifecycleEvent) => void): () => void
}

/** For where there is no page: a server, a worker, a test. */
export const NO_HINTS: Network & Lifecycle = { onChange: () => () => {} }
