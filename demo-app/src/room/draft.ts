/** What was typed and not sent, kept on this device by user and room. */
export function readDraft(key: string): string {
  return localStorage.getItem(`tidemark:draft:${key}`) ?? ''
}

/** Saves a draft; an empty one goes. */
export function saveDraft(key: string, text: string): void {
  if (text === '') localStorage.removeItem(`tidemark:draft:${key}`)
  else localStorage.setItem(`tidemark:draft:${key}`, text)
}
