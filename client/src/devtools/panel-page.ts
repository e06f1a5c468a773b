/** The page that the panel is in. */
export interface PanelPage {
  readonly document: Document
  /** What this browser calls itself. */
  readonly browser: string
  /** Calls it before the next picture: never, while nobody sees the page. The returned function ends it. */
  beforePicture(paint: () => void): () => void
  /** What this origin takes of the device, and may take, in bytes; empty where nobody says. May reject. */
  estimate(): Promise<{ readonly usage?: number | undefined; readonly quota?: number | undefined }>
  /** May reject: a browser may not allow it. */
  copy(text: string): Promise<void>
  save(name: string, text: string): void
}
