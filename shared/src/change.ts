import * as v from 'valibot'
import { jsonObject } from './json-object.ts'
import { collectionName, documentId, nonce } from './names.ts'
import { version } from './version.ts'
import { yes } from './yes.ts'

const place = { v: version, c: collectionName, id: documentId, o: v.optional(nonce) }

/** A whole document. `b`: the version at which it was created, where an earlier commit did that. */
export const putChange = v.object({ ...place, put: jsonObject, b: v.optional(version) })
/** Some top-level fields of a document that the copy holds. */
export const setChange = v.object({ ...place, set: jsonObject, unset: v.optional(v.array(v.string())) })
export const delChange = v.object({ ...place, del: yes })

/**
 * What one commit did to one document. `v`: the commit; changes with the same `v` are adjacent and never split between ranges.
 * `o`: the nonce of the mutation behind the commit, on the first change that the range shows of it. Source: protocol §3, [C1].
 */
export type Change = v.InferOutput<typeof putChange> | v.InferOutput<typeof setChange> | v.InferOutput<typeof delChange>

export const change = v.custom<Change>((value) => {
  if (typeof value !== 'object' || value === null) return false
  return v.is('put' in value ? putChange : 'set' in value ? setChange : delChange, value)
}, 'no change')
