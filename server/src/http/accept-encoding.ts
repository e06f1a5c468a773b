/** What a body may be compressed with, the cheapest in CPU for its size first: so chosen where a client has no wish of its own. */
export const ENCODINGS = ['zstd', 'br', 'gzip'] as const
export type Encoding = (typeof ENCODINGS)[number]

const ENTRIES_MAX = 32
const ENTRY = /^([!#$%&'*+.^_`|~0-9a-z-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?))?$/

/** The encoding that an Accept-Encoding header likes best; undefined: as it is. An entry that cannot be read counts for nothing. Source: RFC 9110 §12.5.3. */
export function negotiated(header: string | undefined): Encoding | undefined {
  if (header === undefined) return undefined
  const wishes = new Map<string, number>()
  for (const text of header.toLowerCase().split(',', ENTRIES_MAX)) {
    const [, name, q] = ENTRY.exec(text.trim()) ?? []
    if (name !== undefined) wishes.set(name === 'x-gzip' ? 'gzip' : name, Math.min(1, Number(q ?? 1)))
  }
  const wish = (name: string) => wishes.get(name) ?? wishes.get('*') ?? 0
  const best = ENCODINGS.reduce((best, encoding) => (wish(encoding) > wish(best) ? encoding : best))
  return wish(best) > 0 && wish(best) >= (wishes.get('identity') ?? 0) ? best : undefined
}
