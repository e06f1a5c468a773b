// Goal: every history that once broke a draft of the protocol stands here as a case of its own, under its name, and none can get lost.
// Method of the cases: real server code and real client code in one process; a network that keeps back what the script says, and a
// clock that only the script moves. Each asserts the end (every copy is the server's history, each mutation took effect once, nothing
// typed has vanished), and by a check of its own that what went wrong without its rule does not happen.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { NAMED_CASES } from './names.ts'

const folder = new URL('.', import.meta.url)
const sources = readdirSync(folder)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => ({ file, titles: titlesIn(readFileSync(new URL(file, folder), 'utf8')) }))

function titlesIn(source: string): string[] {
  return [...source.matchAll(/\bit\((['"`])(.*?)\1,/g)].map(([, , title]) => title as string)
}

describe('the named cases', () => {
  it.each(NAMED_CASES)('$name has a case, and its title quotes $rule', ({ name, rule }) => {
    const cases = sources.flatMap(({ file, titles }) =>
      titles.filter((title) => title.startsWith(`${name}: `)).map((title) => ({ file, title })),
    )
    expect(cases).not.toEqual([])
    expect(new Set(cases.map(({ file }) => file)).size, 'in one file').toBe(1)
    for (const quoted of rule.split(' ')) expect(cases.map(({ title }) => title).join()).toContain(`[${quoted}]`)
  })

  it('every case belongs to a name, and no name stands here twice', () => {
    const names = NAMED_CASES.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
    const titles = sources.filter(({ file }) => file !== 'index.test.ts').flatMap((source) => source.titles)
    expect(titles.filter((title) => !names.includes(title.split(': ')[0] as string))).toEqual([])
  })
})
