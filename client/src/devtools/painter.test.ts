import { describe, expect, it } from 'vitest'
import { painter } from './painter.ts'

describe('painting', () => {
  it('is done once a picture, however often it was asked for, and not at all when nobody asks', () => {
    let pictures: (() => void)[] = []
    let painted = 0
    const { ask, end } = painter(
      {
        beforePicture(paint) {
          pictures.push(paint)
          return () => {
            pictures = pictures.filter((other) => other !== paint)
          }
        },
      },
      () => painted++,
    )
    const picture = () => {
      for (const paint of pictures.splice(0)) paint()
    }
    for (let times = 0; times < 1000; times++) ask()
    picture()
    picture()
    expect(painted).toBe(1)
    ask()
    picture()
    expect(painted).toBe(2)
    ask()
    end()
    picture()
    ask()
    picture()
    expect(painted).toBe(2)
  })
})
