import { ROW_PX } from './row.ts'
import type { Look, Sprite } from './sprites.ts'

/** Letters, in px, by how many rows they take. */
const LETTERS_PX = { 1: 15, 2: 24 } as const
/** Around the letters on both sides; the outline of one's own stands in it. */
const MARGIN_PX = { 1: 6, 2: 9 } as const
/** A text that would be wider is cut off: it takes half a minute to pass. */
const WIDTH_PX_MAX = 2400

/** Draws texts in this font; `scale`: pixels of the screen for each of the page. */
export function spriteDrawer(font: string, scale: number): (look: Look) => Sprite {
  const ruler = contextOf(canvasOf(1, 1))
  return ({ text, color, own, span }) => {
    const letters = `600 ${LETTERS_PX[span]}px ${font}`
    const marginPx = MARGIN_PX[span]
    ruler.font = letters
    const widthPx = Math.min(Math.ceil(ruler.measureText(text).width) + 2 * marginPx, WIDTH_PX_MAX)
    const heightPx = ROW_PX * span
    const canvas = canvasOf(Math.ceil(widthPx * scale), Math.ceil(heightPx * scale))
    const context = contextOf(canvas)
    context.scale(scale, scale)
    context.font = letters
    context.textBaseline = 'middle'
    // Readable over whatever is behind it.
    context.shadowColor = 'rgb(4 12 20 / 0.9)'
    context.shadowBlur = 2 * scale
    context.shadowOffsetY = scale
    context.fillStyle = color
    context.fillText(text, marginPx, heightPx / 2)
    if (own) {
      context.shadowColor = 'transparent'
      context.strokeStyle = color
      context.lineWidth = 1.5
      context.beginPath()
      context.roundRect(1, 1, widthPx - 2, heightPx - 2, heightPx / 2)
      context.stroke()
    }
    return { image: canvas, widthPx, heightPx, pixels: canvas.width * canvas.height }
  }
}

type SpriteCanvas = OffscreenCanvas | HTMLCanvasElement
type Context = OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D

function canvasOf(width: number, height: number): SpriteCanvas {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height)
  return Object.assign(document.createElement('canvas'), { width, height })
}

function contextOf(canvas: SpriteCanvas): Context {
  const context = canvas.getContext('2d') as Context | null
  if (context === null) throw new Error('This browser draws no canvas.')
  return context
}
