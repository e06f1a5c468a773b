/** What bundlers put in place of it; elsewhere it may be missing. */
declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** Tells the console of a page under development; undefined in production, and where nobody says which it is. */
export const developmentWarning: ((text: string) => void) | undefined = isInDevelopment()
  ? (text) => console.warn(`Tidemark: ${text}`)
  : undefined

function isInDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== 'production'
  } catch {
    return false
  }
}
