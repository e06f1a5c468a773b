import type { StoredDocument } from '../changelog/changelog.ts'

/** A document in its latest form as a `put`, a deleted one as a `del`; bytes of documents are spliced. Source: protocol §3. */
export function documentText(document: StoredDocument): string {
  const { version, created, doc } = document
  if (doc === undefined) return deletionText(document)
  return `${placeText(document)},"put":${doc}${created < version ? `,"b":${created}` : ''}}`
}

export function deletionText(document: StoredDocument): string {
  return `${placeText(document)},"del":true}`
}

function placeText({ version, collection, id }: StoredDocument): string {
  return `{"v":${version},"c":${JSON.stringify(collection)},"id":${JSON.stringify(id)}`
}
