import { describe, expect, it } from 'vitest'
import { filesOf, isKept, promisedBy, telling } from './page-code.ts'

const fence = (word: string, code: string) => `\`\`\`${word}\n${code}\n\`\`\`\n`

describe('the code of a page', () => {
  it('is one page.ts of all blocks without a name, each on the lines that it has on the page', () => {
    const text = `# One\n\n${fence('ts', 'const a = 1')}\nand\n\n${fence('ts', 'export const b = a')}`
    const lines = filesOf(text).get('page.ts')?.split('\n') ?? []
    expect(text.split('\n').flatMap((line, index) => (lines[index] === line && line !== '' ? [line] : []))).toEqual([
      'const a = 1',
      'export const b = a',
    ])
  })

  it('has the files that blocks name in their first line', () => {
    const text = `${fence('ts', '// src/app.ts: for both ends\nexport {}')}${fence('tsx', '// list.tsx\nexport {}')}${fence('sh', 'npm test')}`
    expect([...filesOf(text).keys()]).toEqual(['src/app.ts', 'list.tsx'])
  })

  it('leaves out what is not ours, and, where it is run, what cannot be', () => {
    const text = `${fence('ts theirs', 'firestore()')}${fence('ts unrun', 'phone()')}${fence('ts', 'run()')}`
    expect(filesOf(text).get('page.ts')?.trim().split(/\n+/)).toEqual(['phone()', 'run()'])
    expect(filesOf(text, { run: true }).get('page.ts')?.trim()).toBe('run()')
  })

  it.each([
    [fence('ts wrong', 'x'), 'line 2: "wrong" after ts means nothing; unrun or theirs does'],
    [fence('tsx', '<p />'), 'line 2: a tsx block needs a name in its first line'],
    [fence('ts', '// a.ts\n') + fence('ts', '// a.ts\n'), 'line 6: there are two of a.ts'],
  ])('%j is refused', (text, message) => {
    expect(() => filesOf(text)).toThrow(message)
  })

  it('promises what stands behind an arrow, and tells what is printed there', () => {
    const code = 'const a = 1\nconsole.log(a) // => 1 then 2\n'
    expect(promisedBy(code)).toEqual([{ line: 2, texts: ['1', '2'] }])
    expect(telling('x.md', code)).toBe("const a = 1\nglobalThis.told('x.md', 2)(a) // => 1 then 2\n")
    expect(() => promisedBy('a() // => 1')).toThrow('line 1: what is promised there is not printed on the same line')
  })

  it.each([
    [['1', '2'], true],
    [['0', '1', '1', '2'], true],
    [['2', '1'], false],
    [['1'], false],
    [[], false],
  ])('1 then 2 is kept by what prints %j: %s', (texts, kept) => {
    expect(isKept([{ line: 2, texts: ['1', '2'] }], new Map([[2, texts]]))).toBe(kept)
  })
})
