import { jsonObject } from './json-object.ts'
import { collectionName, documentId, nonce } from './names.ts'
import { checked, type Infer, list, object, optional, type Schema, text } from './schema.ts'
import { version } from './version.ts'

const place = { v: version, c: collectionName, id: documentId, o: optional(nonce) }

/** A whole document. `b`: the version at which it was created, where an earlier commit did that. */
const putChange = object({ ...place, put: jsonObject, b: optional(version) })
/** Some top-level fields of a document that the copy holds. */
const setChange = object({ ...place, set: jsonObject, unset: optional(list(text)) })
const delChange = object({ ...place, del: checked<true>((del) => del === true, 'not true') })

/**
 * What one commit did to one document. `v`: the commit; changes with the same `v` are adjacent and never split between ranges.
 * `o`: the nonce of the mutation behind the commit, on the first change that the range shows of it. Source: protocol §3, [C1].
 */
export type Change = Infer<typeof putChange> | Infer<typeof setChange> | Infer<typeof delChange>

export const change: Schema<Change> = (value, place) => {
  const fields = jsonObject(value, place)
  return ('put' in fields ? putChange : 'set' in fields ? setChange : delChange)(fields, place)
}
