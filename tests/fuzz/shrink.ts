import type { Input } from './input.ts'

/** How often a smaller input may be tried. */
const TRIES_MAX = 300

/** A smaller input that is taken as badly; `fails` tries one. Halves go first, then ever smaller parts. */
export async function shrink(input: Input, fails: (smaller: Input) => Promise<boolean>): Promise<Input> {
  let [fixed, soft] = partsOf(input)
  let tries = 0
  for (let size = Math.ceil(soft.length / 2); size >= 1 && tries < TRIES_MAX; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < soft.length && tries < TRIES_MAX; ) {
      const without = Buffer.concat([soft.subarray(0, at), soft.subarray(at + size)])
      tries++
      if (await fails(joined(input, fixed, without))) soft = without
      else at += size
    }
  }
  return joined(input, fixed, soft)
}

/** What stays as it is, and what may become less: of a request its body only. */
function partsOf({ door, bytes }: Input): [fixed: Buffer, soft: Buffer] {
  const at = door === 'request' ? bytes.indexOf('\r\n\r\n') + 4 : 0
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

function joined(input: Input, fixed: Buffer, soft: Buffer): Input {
  const head = fixed.toString('latin1').replace(/\r\nContent-Length: \d+/, `\r\nContent-Length: ${soft.length}`)
  return { ...input, bytes: Buffer.concat([Buffer.from(head, 'latin1'), soft]) }
}
