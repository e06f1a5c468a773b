import type { Random } from '@tidemark/shared'

/** Chance from a seed: mulberry32 (Tommy Ettinger, 2017, public domain), 32 bits of state, good enough to choose faults by. */
export interface SeededRandom extends Random {
  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (min: number, max: number) => min + Math.floor(unit() * (max - min + 1))
  return {
    unit,
    bytes: (count) => Uint8Array.from({ length: count }, () => between(0, 255)),
    between,
    chance: (probability) => unit() < probability,
    pick: (items) => items[between(0, items.length - 1)] as (typeof items)[number],
  }
}

/** The stream of one purpose, so that what one node draws does not move what others draw. */
export function streamOf(seed: number, ...purpose: readonly (string | number)[]): SeededRandom {
  return seededRandom(hashOf(seed, purpose.join(' ')))
}

/** 32 bits: FNV-1a (Fowler, Noll and Vo, 1991, public domain) over the text, begun with the seed. */
export function hashOf(seed: number, text: string): number {
  let hash = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) >>> 0
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
