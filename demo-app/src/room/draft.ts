type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** Drafts that are shown somewhere, or of which something is being saved; the others are in the store only. */
const drafts = new Map<string, Draft>()

/** What was typed and not sent, of one user in one room; whoever shows it shows the same. */
export function draftOf(key: string, store: Store = localStorage): Draft {
  return drafts.get(`tidemark:draft:${key}`) ?? new Draft(`tidemark:draft:${key}`, store)
}

/** A text that is kept on this device until it is saved as a message, whoever leaves meanwhile. */
export class Draft {
  readonly #key: string
  readonly #store: Store
  readonly #listeners = new Set<() => void>()
  #typed: string
  /** On their way to this device's disk, in the order in which they were sent. */
  #saving: readonly { readonly text: string }[] = []
  #order: Promise<void> = Promise.resolve()

  constructor(key: string, store: Store) {
    this.#key = key
    this.#store = store
    this.#typed = store.getItem(key) ?? ''
  }

  get text(): string {
    return this.#typed
  }

  write(text: string): void {
    this.#typed = text
    this.#keep()
    for (const changed of this.#listeners) changed()
  }

  /**
   * Hands the text to `save`, after those that were sent before; the field is free for the next one at once. When it cannot be saved, it
   * and all that was sent after it come back, in their order, in front of what was typed since, and it rejects with why.
   */
  async send(save: (text: string) => Promise<void>): Promise<void> {
    const sent = { text: this.#typed }
    this.#saving = [...this.#saving, sent]
    drafts.set(this.#key, this)
    this.write('')
    const saved = this.#order.then(() => (this.#saving.includes(sent) ? save(sent.text.trim()) : undefined))
    this.#order = saved.catch(() => {})
    try {
      await saved
      this.#saving = this.#saving.filter((other) => other !== sent)
      this.#keep()
    } catch (error) {
      const back = this.#saving
      this.#saving = []
      this.write(joined([...back.map(({ text }) => text), this.#typed]))
      throw error
    } finally {
      this.#rest()
    }
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    drafts.set(this.#key, this)
    this.#listeners.add(changed)
    return () => {
      this.#listeners.delete(changed)
      this.#rest()
    }
  }

  /** What is being saved is a part of the draft until it is saved. */
  #keep(): void {
    const text = joined([...this.#saving.map(({ text }) => text), this.#typed])
    if (text === '') this.#store.removeItem(this.#key)
    else this.#store.setItem(this.#key, text)
  }

  #rest(): void {
    if (this.#listeners.size === 0 && this.#saving.length === 0) drafts.delete(this.#key)
  }
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}
