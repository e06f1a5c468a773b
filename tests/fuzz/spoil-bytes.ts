import type { SeededRandom } from '../simulation/seeded-random.ts'

type Spoil = (bytes: Buffer, chance: SeededRandom, other: Buffer) => Buffer

/** What is no UTF-8: lone continuation, too long a form, half of a character, a surrogate, past the last one. */
const NOT_UTF8 = ['80', 'c0af', 'e282', 'eda080', 'f4908080', 'ff'].map((hex) => Buffer.from(hex, 'hex'))
const MARKS = ['"', '\\', '{', '}', '[', ']', ',', ':', '\u0000', '\r\n', '\r\n\r\n', '\\u', '//', '/*'].map((text) => Buffer.from(text))

function inserted(bytes: Buffer, at: number, more: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)])
}

const SPOILS: readonly Spoil[] = [
  // A bit, a byte.
  (bytes, chance) => {
    const flipped = Buffer.from(bytes)
    const at = chance.between(0, flipped.length - 1)
    flipped[at] = chance.chance(0.5) ? (flipped[at] as number) ^ (1 << chance.between(0, 7)) : chance.between(0, 255)
    return flipped
  },
  (bytes, chance) => bytes.subarray(0, chance.between(0, bytes.length)),
  (bytes, chance) => bytes.subarray(chance.between(0, bytes.length)),
  (bytes, chance) => {
    const from = chance.between(0, bytes.length)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(chance.between(from, bytes.length))])
  },
  (bytes, chance) => inserted(bytes, chance.between(0, bytes.length), chance.pick([...NOT_UTF8, ...MARKS])),
  (bytes, chance) => inserted(bytes, chance.between(0, bytes.length), Buffer.from(chance.bytes(chance.between(1, 16)))),
  // A part again, many times.
  (bytes, chance) => {
    const from = chance.between(0, bytes.length)
    const part = bytes.subarray(from, Math.min(bytes.length, from + chance.between(1, 64)))
    return inserted(bytes, from, Buffer.concat(Array.from({ length: chance.between(1, 100) }, () => part)))
  },
  // The beginning of one, the end of another.
  (bytes, chance, other) =>
    Buffer.concat([bytes.subarray(0, chance.between(0, bytes.length)), other.subarray(chance.between(0, other.length))]),
  (bytes, chance) => {
    const [a, b] = [chance.between(0, bytes.length), chance.between(0, bytes.length)].sort((x, y) => x - y) as [number, number]
    return Buffer.concat([bytes.subarray(b), bytes.subarray(a, b), bytes.subarray(0, a)])
  },
]

/** Spoils it so many times, without knowing what it is. `other`: something else to splice with. */
export function spoilBytes(bytes: Buffer, times: number, chance: SeededRandom, other: Buffer): Buffer {
  let spoilt = bytes
  for (let time = 0; time < times; time++) if (spoilt.length > 0) spoilt = chance.pick(SPOILS)(spoilt, chance, other)
  return spoilt
}
