import { describe, expect, it } from 'vitest'
import { type Look, type Sprite, Sprites } from './sprites.ts'

const look = (text: string, more: Partial<Look> = {}): Look => ({ text, color: '#fff', own: false, span: 1, ...more })

function spritesOf(pixelsMax: number) {
  const drawn: string[] = []
  const draw = ({ text }: Look): Sprite => {
    drawn.push(text)
    return { image: {} as CanvasImageSource, widthPx: 10, heightPx: 10, pixels: 100 }
  }
  return { sprites: new Sprites(draw, pixelsMax), drawn }
}

describe('sprites', () => {
  it('draw each text once, and once more for another look of it', () => {
    const { sprites, drawn } = spritesOf(1000)
    for (let times = 0; times < 3; times++) sprites.of(look('潮'))
    for (const more of [{ own: true }, { span: 2 as const }, { color: '#000' }]) sprites.of(look('潮', more))
    expect(drawn).toEqual(['潮', '潮', '潮', '潮'])
  })

  it('keep no more pixels than they may: what was not asked for the longest goes', () => {
    const { sprites, drawn } = spritesOf(300)
    for (const text of ['a', 'b', 'c', 'a', 'd']) sprites.of(look(text))
    expect(sprites.pixels).toBe(300)
    for (const text of ['a', 'c', 'd']) sprites.of(look(text))
    expect(drawn).toEqual(['a', 'b', 'c', 'd'])
    sprites.of(look('b'))
    expect(drawn.at(-1)).toBe('b')
  })

  it('show what is larger than all that they may keep', () => {
    const { sprites } = spritesOf(50)
    expect(sprites.of(look('a')).pixels).toBe(100)
    sprites.of(look('b'))
    expect(sprites.pixels).toBe(100)
  })
})
