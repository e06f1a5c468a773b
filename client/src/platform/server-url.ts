/** One address of the server (its origin, or what a proxy maps to it), or several of the same one. */
export type ServerUrl = string | URL | readonly (string | URL)[]

/** Addresses of one server, at most. */
export const ENDPOINTS_MAX = 8

/** The server's addresses, each without a slash at its end. Throws TypeError for what is none. */
export function basesOf(url: ServerUrl): string[] {
  return [url].flat().map((one) => new URL(one).href.replace(/\/$/, ''))
}
