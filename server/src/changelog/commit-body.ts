import type { LoggedChange } from './changelog.ts'

/** What a commit's stored bytes say. */
export interface CommitBody {
  readonly origin: string | undefined
  readonly changes: readonly LoggedChange[]
}

/**
 * A commit as it is stored and sealed: a line of JSON (`[origin, [collection, creator, length of the text], ...]`), then the
 * texts of its changes, one after the other. Lengths are in UTF-16 units, so that taking it apart is slicing.
 */
export function encodeBody({ origin, changes }: CommitBody): string {
  const heading = [origin ?? null, ...changes.map(({ collection, creator, text }) => [collection, creator, text.length])]
  return `${JSON.stringify(heading)}\n${changes.map(({ text }) => text).join('')}`
}

/** Takes stored bytes apart again; parses the first line only. */
export function decodeBody(body: string): CommitBody {
  const lineEnd = body.indexOf('\n')
  const [origin, ...parts] = JSON.parse(body.slice(0, lineEnd)) as [string | null, ...[string, string, number][]]
  let at = lineEnd + 1
  const changes = parts.map(([collection, creator, length]) => {
    const text = body.slice(at, at + length)
    at += length
    return { collection, creator, text }
  })
  return { origin: origin ?? undefined, changes }
}
