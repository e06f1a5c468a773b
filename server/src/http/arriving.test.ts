import { describe, expect, it } from 'vitest'
import { Arriving } from './arriving.ts'

function senders(count: number) {
  const cut: number[] = []
  return { cut, some: Array.from({ length: count }, (_, n) => ({ cut: () => cut.push(n) })) }
}

describe('what arrives in pieces', () => {
  it('is cut off past the bound, what began first before the rest', () => {
    const arriving = new Arriving(100)
    const { cut, some } = senders(4)
    for (const sender of some.slice(0, 3)) arriving.add(sender, 30)
    expect(cut).toEqual([])
    arriving.add(some[2] as (typeof some)[number], 20)
    expect(cut).toEqual([0])
    arriving.add(some[3] as (typeof some)[number], 60)
    expect(cut).toEqual([0, 1, 2])
  })

  it('no longer counts once it is whole, however often that is said', () => {
    const arriving = new Arriving(100)
    const { cut, some } = senders(3)
    const [first, second, third] = some as [(typeof some)[number], (typeof some)[number], (typeof some)[number]]
    arriving.add(first, 90)
    arriving.done(first)
    arriving.done(first)
    arriving.add(second, 90)
    arriving.add(third, 10)
    expect(cut).toEqual([])
    arriving.add(third, 1)
    expect(cut).toEqual([1])
  })
})
