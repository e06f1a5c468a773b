// What a person reads who mistypes something: every mistake in `mistakes/` has the compiler's words above it, as it has to say them.
// They name what there is to choose from, or what was probably meant.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('mistakes', import.meta.url))
const compiler = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
/** Said before the words of the overload that comes nearest. */
const AROUND_OVERLOADS = ['No overload matches this call.', 'The last overload gave the following error.']

/** The first words of each error, as `file:line words`. */
async function compile(): Promise<string[]> {
  const printed = await new Promise<string>((resolve) =>
    execFile(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { cwd: folder }, (_, stdout) => resolve(stdout)),
  )
  const said: string[] = []
  for (const error of printed.split(/\n(?=\S)/)) {
    const [, place, number, words = ''] = /^(\S+)\((\d+),\d+\): error TS\d+: (.*)$/s.exec(error) ?? []
    const [first] = words.split('\n').filter((line) => !AROUND_OVERLOADS.includes(line.trim()))
    said.push(`${place}:${number} ${first?.trim()}`)
  }
  return said
}

/** What each mistake has above it, in the same form. */
function expected(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) =>
      readFileSync(`${folder}/${name}`, 'utf8')
        .split('\n')
        .flatMap((line, index) => {
          const words = /^\s*\/\/ (.*)$/.exec(line)?.[1]
          return words === undefined ? [] : [`${name}:${index + 2} ${words}`]
        }),
    )
}

describe('the compiler', () => {
  it('tells each mistake in words that a person can read', async () => {
    const said = await compile()
    expect(said.length).toBeGreaterThan(30)
    expect(said.sort()).toEqual(expected().sort())
  })
})
