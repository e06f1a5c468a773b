import type { Lifecycle, Network, NetworkKind } from '../connection/hints.ts'

/** Listens to events of targets, as far as there are such targets here. The returned function ends it. */
function listen(targets: readonly (readonly [EventTarget | undefined, ...string[]])[], listener: (event: Event) => void): () => void {
  const ending = new AbortController()
  const { signal } = ending
  for (const [target, ...types] of targets) for (const type of types) target?.addEventListener(type, listener, { signal })
  return () => ending.abort()
}

const page = globalThis.document as Document | undefined
const frame = globalThis.window as Window | undefined
const connection = (globalThis.navigator as { connection?: EventTarget & { type?: string } } | undefined)?.connection

/** The page's own life. A page in the back/forward cache must hold no socket, or it is evicted. */
export const pageLifecycle: Lifecycle = {
  inFront: () => page?.visibilityState !== 'hidden',
  onChange: (listener) =>
    listen(
      [
        [frame, 'pageshow', 'pagehide'],
        [page, 'freeze', 'resume', 'visibilitychange'],
      ],
      ({ type }) => {
        if (type === 'pagehide' || type === 'freeze') listener('hide')
        else listener(pageLifecycle.inFront() ? 'show' : 'back')
      },
    ),
}

const KINDS: readonly NetworkKind[] = ['wifi', 'cellular', 'ethernet']

/** The browser's events, and where it tells of another network. */
export const browserNetwork: Network = {
  kind: () => KINDS.find((kind) => kind === connection?.type) ?? 'unknown',
  onChange: (listener) =>
    listen(
      [
        [frame, 'online', 'offline'],
        [connection, 'change'],
      ],
      listener,
    ),
}
