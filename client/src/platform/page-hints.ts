import type { Lifecycle, Network, NetworkKind } from '../connection/hints.ts'

/** How long nobody touched the page for the next touch to be told, in ms. */
export const UNTOUCHED_MS = 30_000

/** Listens to events of targets, as far as there are such targets here. The returned function ends it. */
function listen(targets: readonly (readonly [EventTarget | undefined, ...string[]])[], listener: (event: Event) => void): () => void {
  const ending = new AbortController()
  // Seen before the app can stop them, and never in the way of scrolling.
  const how = { signal: ending.signal, capture: true, passive: true }
  for (const [target, ...types] of targets) for (const type of types) target?.addEventListener(type, listener, how)
  return () => ending.abort()
}

const page = globalThis.document as Document | undefined
const frame = globalThis.window as Window | undefined
const connection = (globalThis.navigator as { connection?: EventTarget & { type?: string } } | undefined)?.connection

/** The page's own life. A page in the back/forward cache must hold no socket, or it is evicted. */
export const pageLifecycle: Lifecycle = {
  inFront: () => page?.visibilityState !== 'hidden',
  onChange(listener) {
    let isAside = false
    let touchedMs = 0
    return listen(
      [
        [frame, 'pageshow', 'pagehide', 'pointerdown', 'keydown'],
        [page, 'freeze', 'resume', 'visibilitychange'],
      ],
      ({ type }) => {
        const isInFront = pageLifecycle.inFront()
        const isTouch = type === 'pointerdown' || type === 'keydown'
        if (isTouch) {
          const sinceMs = Date.now() - touchedMs
          touchedMs += sinceMs
          // Backwards where the clock was set.
          if (!isAside && sinceMs >= 0 && sinceMs < UNTOUCHED_MS) return
        }
        // A page that was left or frozen is told to be hidden after that, too.
        if (isAside && type === 'visibilitychange' && !isInFront) return
        isAside = type === 'pagehide' || type === 'freeze'
        listener(isAside ? 'hide' : isTouch ? 'touch' : isInFront ? 'show' : 'back')
      },
    )
  },
}

const KINDS: readonly NetworkKind[] = ['wifi', 'cellular', 'ethernet']

/** What a device calls a kind of network; whatever else it says is unknown. */
export function kindOfNetwork(said: unknown): NetworkKind {
  return KINDS.find((kind) => kind === said) ?? 'unknown'
}

/** The browser's events, and where it tells of another network. */
export const browserNetwork: Network = {
  kind: () => kindOfNetwork(connection?.type),
  onChange: (listener) =>
    listen(
      [
        [frame, 'online', 'offline'],
        [connection, 'change'],
      ],
      listener,
    ),
}
