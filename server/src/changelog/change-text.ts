import type { Version } from '@tidemark/shared'
import type { NewChange } from './changelog.ts'

/** The JSON text of a change as the wire has it, without origin. Bytes of documents are spliced, not parsed. Source: protocol §3. */
export function changeText(change: NewChange, version: Version): string {
  const { collection, id, doc, delta, created } = change
  const place = `{"v":${version},"c":${JSON.stringify(collection)},"id":${JSON.stringify(id)}`
  if (doc === undefined) return `${place},"del":true}`
  if (created === 'now') return `${place},"put":${doc}}`
  if (delta === undefined) return `${place},"put":${doc},"b":${created}}`
  const unset = delta.unset.length === 0 ? '' : `,"unset":${JSON.stringify(delta.unset)}`
  return `${place},"set":${delta.set}${unset}}`
}

/** An upper estimate of what the members around a document cost on the wire, beside its names. */
const AROUND_BYTES = 80

/** What a document costs in a page, in UTF-8 bytes: what it would take as a whole, whatever the log says of the change. */
export function documentBytes({
  collection,
  id,
  doc,
}: {
  readonly collection: string
  readonly id: string
  readonly doc: string | undefined
}): number {
  return AROUND_BYTES + collection.length + Buffer.byteLength(id) + (doc === undefined ? 0 : Buffer.byteLength(doc))
}
