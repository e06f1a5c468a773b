import type { Lifecycle, Network } from '../connection/hints.ts'

/** Listens while it is wanted; nothing where there is no such target. */
function listen(target: EventTarget | undefined, listeners: Readonly<Record<string, () => void>>): () => void {
  for (const [type, listener] of Object.entries(listeners)) target?.addEventListener(type, listener)
  return () => {
    for (const [type, listener] of Object.entries(listeners)) target?.removeEventListener(type, listener)
  }
}

const page = typeof document === 'undefined' ? undefined : document
const frame = typeof window === 'undefined' ? undefined : window

/** The page's own life. A page in the back/forward cache must hold no socket, or it is evicted. */
export const pageLifecycle: Lifecycle = {
  onChange(listener) {
    const show = () => listener('show')
    const hide = () => listener('hide')
    const endings = [
      listen(frame, { pageshow: show, pagehide: hide }),
      listen(page, { freeze: hide, resume: show, visibilitychange: () => page?.visibilityState === 'visible' && show() }),
    ]
    return () => {
      for (const end of endings) end()
    }
  },
}

/** The browser's events, and where it tells of another network. */
export const browserNetwork: Network = {
  onChange(listener) {
    const kind = typeof navigator === 'undefined' ? undefined : (navigator as { connection?: EventTarget }).connection
    const endings = [listen(frame, { online: listener, offline: listener }), listen(kind, { change: listener })]
    return () => {
      for (const end of endings) end()
    }
  },
}
