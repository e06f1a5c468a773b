import { drawnColor } from './colors.ts'
import { spriteDrawer } from './draw-sprite.ts'
import { Flight } from './flight.ts'
import { ROW_PX } from './row.ts'
import { type Look, type Sprite, Sprites } from './sprites.ts'

/** A comment as it flies. */
export interface SkyText {
  readonly text: string
  readonly color: string | undefined
  readonly own: boolean
}

interface Drawn extends SkyText {
  sprite: Sprite | undefined
}

/** Draws comments on a canvas, as long as there are some. */
export class Sky {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #flight: Flight<Drawn>
  #sprites: Sprites
  #scale = 1
  #size = { widthPx: 0, heightPx: 0 }
  #frame: number | undefined

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d')
    if (context === null) throw new Error('This browser draws no canvas.')
    this.#canvas = canvas
    this.#context = context
    this.#sprites = this.#newSprites()
    this.#flight = new Flight<Drawn>({
      widthPx: 0,
      rows: 0,
      widthOf: (item, span) => {
        const look: Look = { text: item.text, color: drawnColor(item.color), own: item.own, span }
        item.sprite = this.#sprites.of(look)
        return item.sprite.widthPx
      },
    })
  }

  /** What flies now, and what found no place until now. */
  get counts(): { readonly flying: number; readonly missed: number } {
    return { flying: this.#flight.count, missed: this.#flight.missed }
  }

  /** Spread over this time, in ms; with 0 at once, and before all that wait. */
  add(texts: readonly SkyText[], spreadMs: number): void {
    const drawn = texts.map((text) => ({ ...text, sprite: undefined }))
    if (spreadMs === 0) for (const each of drawn) this.#flight.addNow(each)
    else this.#flight.add(drawn, performance.now(), spreadMs)
    this.#run()
  }

  clear(): void {
    this.#flight.clear()
    this.#run()
  }

  /** In px of the page; `scale`: pixels of the screen for each. */
  resize(widthPx: number, heightPx: number, scale: number): void {
    if (scale !== this.#scale) {
      this.#scale = scale
      this.#flight.clear()
      this.#sprites = this.#newSprites()
    }
    this.#size = { widthPx, heightPx }
    this.#canvas.width = Math.round(widthPx * scale)
    this.#canvas.height = Math.round(heightPx * scale)
    this.#flight.resize(widthPx, Math.floor(heightPx / ROW_PX))
    this.#run()
  }

  close(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#frame = undefined
    this.#flight.clear()
    this.#sprites.clear()
  }

  #newSprites(): Sprites {
    return new Sprites(spriteDrawer(getComputedStyle(this.#canvas).fontFamily, this.#scale))
  }

  #run(): void {
    this.#frame ??= requestAnimationFrame((atMs) => this.#draw(atMs))
  }

  #draw(atMs: number): void {
    this.#frame = undefined
    this.#flight.step(atMs)
    const { widthPx, heightPx } = this.#size
    const context = this.#context
    const scale = this.#scale
    context.clearRect(0, 0, Math.round(widthPx * scale), Math.round(heightPx * scale))
    for (const flying of this.#flight.flying) {
      const x = this.#flight.xOf(flying)
      // On whole pixels a sprite is copied, between them it is computed anew.
      if (x < widthPx && flying.item.sprite !== undefined)
        context.drawImage(flying.item.sprite.image, Math.round(x * scale), Math.round(flying.row * ROW_PX * scale))
    }
    if (this.#flight.count > 0 || this.#flight.waiting > 0) this.#run()
  }
}
