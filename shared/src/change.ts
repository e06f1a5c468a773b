import * as v from 'valibot'
import type { JsonObject } from './json.ts'
import { collectionName, documentId, nonce } from './names.ts'
import { version } from './version.ts'

const document = v.record(v.string(), v.unknown()) as unknown as v.GenericSchema<unknown, JsonObject>

const place = { v: version, c: collectionName, id: documentId, o: v.optional(nonce) }

/** A whole document. `b`: the version at which it was created, where an earlier commit did that. */
export const putChange = v.object({ ...place, put: document, b: v.optional(version) })
/** Some top-level fields of a document that the copy holds. */
export const setChange = v.object({ ...place, set: document, unset: v.optional(v.array(v.string())) })
export const delChange = v.object({ ...place, del: v.literal(true) })

/**
 * What one commit did to one document. `v`: the commit; changes with the same `v` are adjacent and never split between ranges.
 * `o`: the nonce of the mutation behind the commit, on the first change that the range shows of it. Source: protocol §3, [C1].
 */
export const change = v.union([putChange, setChange, delChange])
export type Change = v.InferOutput<typeof change>
