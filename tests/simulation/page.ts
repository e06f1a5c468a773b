import type { Lifecycle, LifecycleEvent, Network, NetworkKind } from '@tidemark/client/testing'

/** What a tab is told of its page and its network, be it true or not. */
export class Page {
  /** A person can see it. */
  isInFront = true
  /** It was left, or is frozen: it runs on here, and has let go of its socket. */
  isLeft = false
  #kind: NetworkKind = 'unknown'
  readonly #lifecycle = new Set<(event: LifecycleEvent) => void>()
  readonly #network = new Set<() => void>()

  readonly lifecycle: Lifecycle = { inFront: () => this.isInFront, onChange: (listener) => listening(this.#lifecycle, listener) }
  readonly network: Network = { kind: () => this.#kind, onChange: (listener) => listening(this.#network, listener) }

  tell(event: LifecycleEvent): void {
    this.isInFront = event === 'show' || event === 'touch'
    this.isLeft = event === 'hide'
    for (const listener of [...this.#lifecycle]) listener(event)
  }

  /** Something changed, or nothing did. */
  tellNetwork(kind: NetworkKind): void {
    this.#kind = kind
    for (const listener of [...this.#network]) listener()
  }
}

function listening<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
