import type { Span } from './belt.ts'

/** Pixels of all sprites that are kept, 4 bytes each: 24 MB. */
export const SPRITE_PIXELS_MAX = 6_000_000

/** A text as it looks. */
export interface Look {
  readonly text: string
  readonly color: string
  /** One's own: outlined. */
  readonly own: boolean
  readonly span: Span
}

/** A text that was drawn, to be copied from then on. Sizes in px of the page. */
export interface Sprite {
  readonly image: CanvasImageSource
  readonly widthPx: number
  readonly heightPx: number
  /** Pixels that it takes in memory. */
  readonly pixels: number
}

/** Each text is drawn once; what was not asked for the longest goes first. */
export class Sprites {
  readonly #draw: (look: Look) => Sprite
  readonly #pixelsMax: number
  /** In the order in which they were asked for. */
  readonly #kept = new Map<string, Sprite>()
  #pixels = 0

  constructor(draw: (look: Look) => Sprite, pixelsMax: number = SPRITE_PIXELS_MAX) {
    this.#draw = draw
    this.#pixelsMax = pixelsMax
  }

  get pixels(): number {
    return this.#pixels
  }

  of(look: Look): Sprite {
    const key = `${look.span} ${look.own} ${look.color} ${look.text}`
    const kept = this.#kept.get(key)
    const sprite = kept ?? this.#draw(look)
    this.#kept.delete(key)
    this.#kept.set(key, sprite)
    if (kept === undefined) this.#pixels += sprite.pixels
    for (const [oldest, { pixels }] of this.#kept) {
      if (this.#pixels <= this.#pixelsMax || oldest === key) break
      this.#kept.delete(oldest)
      this.#pixels -= pixels
    }
    return sprite
  }

  clear(): void {
    this.#kept.clear()
    this.#pixels = 0
  }
}
