import { ForbiddenError } from '@tidemark/shared'
import { isLoopbackHost } from '../loopback-host.ts'

/** Which pages may use this server from a browser, as their Origin says: `same-origin`, `loopback`, or origins such as `https://app.example`, `capacitor://localhost`. */
export type Origins = readonly string[]

export const SAME_ORIGIN = 'same-origin'
/** Pages that this machine serves, whatever their port: a development server's. */
export const LOOPBACK = 'loopback'
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/

/** Throws TypeError, naming the entry that no browser would ever send. */
export function assertOrigins(origins: Origins): void {
  for (const origin of origins) {
    if (origin !== SAME_ORIGIN && origin !== LOOPBACK && !ORIGIN.test(origin))
      throw new TypeError(
        `origins: ${origin} is no origin; write scheme, host and port as a browser does (https://app.example), or ${SAME_ORIGIN}, or ${LOOPBACK}`,
      )
  }
}

/**
 * True when whoever sent this Origin may go on. One rule for the WebSocket and for CORS. No Origin: not a browser, its token alone decides.
 * `host`: the Host header, which a proxy in front must hand on.
 */
export function mayUse(origins: Origins, origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  return (
    origins.includes(origin) ||
    (origins.includes(SAME_ORIGIN) && isSameOrigin(origin, host)) ||
    (origins.includes(LOOPBACK) && isLoopbackOrigin(origin))
  )
}

function isLoopbackOrigin(origin: string): boolean {
  return isLoopbackHost(/^https?:\/\/([^/]+)$/.exec(origin)?.[1])
}

/** Scheme aside: behind a proxy that ends TLS it cannot be seen. */
export function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false
  try {
    const page = new URL(origin)
    return page.host !== '' && page.host === new URL(`${page.protocol}//${host}`).host
  } catch {
    return false
  }
}

const SHOWN_CHARACTERS_MAX = 100

/** What a page is told that may not use this server: what the operator has to do. */
export function originRefused(origin: string | undefined, host: string | undefined): ForbiddenError {
  const [page, asked] = [origin, host].map((name) => name?.slice(0, SHOWN_CHARACTERS_MAX))
  return new ForbiddenError(
    `Pages of ${page} may not use this server, which was asked for as ${asked}. Name them in TIDEMARK_ORIGINS, or have the proxy hand on Host (docs/deploy.md).`,
  )
}
