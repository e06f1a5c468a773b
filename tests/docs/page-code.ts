// The code on the pages of the project, as files. A page is a folder: a block whose first line is `// name.ts` is that file, the other ts
// blocks are joined into page.ts, in their order. Lines keep the numbers that they have on the page.

/** After the language: `unrun` is compiled with the page, and not run; `theirs` belongs to somebody else's library. */
const WORDS = ['unrun', 'theirs']
const PAGE = 'page.ts'

export interface Block {
  readonly language: string
  /** What stands after the language. */
  readonly word: string
  readonly code: string
  /** Of its first line of code, from 1 on. */
  readonly line: number
}

/** All fenced blocks of a page, in their order. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w+)([^\n]*)\n(.*?)^```$/gms)].map((match) => ({
    language: match[1] ?? '',
    word: (match[2] ?? '').trim(),
    code: match[3] ?? '',
    line: text.slice(0, match.index).split('\n').length + 1,
  }))
}

/** What a block calls itself in its first line: `// app.ts`, `<!-- index.html -->`, words after a colon. */
export function nameOf({ code }: Block): string | undefined {
  return /^(?:\/\/|<!--|\/\*) ([\w./-]+\.\w+)(?=:| -->| \*\/|\s*$)/m.exec(code.split('\n', 1)[0] ?? '')?.[1]
}

/** The TypeScript of a page, by name. `run`: without what a machine without a browser or a phone cannot do. Throws where a block is not what a block may be. */
export function filesOf(text: string, { run = false } = {}): Map<string, string> {
  const files = new Map<string, string>()
  for (const block of blocksOf(text).filter(({ language }) => language === 'ts' || language === 'tsx')) {
    const { language, word, code, line } = block
    if (word !== '' && !WORDS.includes(word))
      throw new Error(`line ${line}: "${word}" after ${language} means nothing; ${WORDS.join(' or ')} does`)
    if (word === 'theirs' || (run && word === 'unrun')) continue
    const name = nameOf(block)
    if (name === undefined && language === 'tsx') throw new Error(`line ${line}: a tsx block needs a name in its first line`)
    if (name !== undefined && files.has(name)) throw new Error(`line ${line}: there are two of ${name}`)
    const before = files.get(name ?? PAGE) ?? ''
    files.set(name ?? PAGE, before + '\n'.repeat(line - before.split('\n').length) + code)
  }
  return files
}

/** What a page says that a line of its code prints. */
export interface Promised {
  readonly line: number
  /** In this order, whatever is printed between them. */
  readonly texts: readonly string[]
}

/** Lines such as `console.log(count) // => 3`, or `// => 3 then 4`. */
export function promisedBy(code: string): Promised[] {
  return code.split('\n').flatMap((text, index) => {
    const promised = /\/\/ => (.*)$/.exec(text)?.[1]
    if (promised === undefined) return []
    if (!text.includes('console.log(')) throw new Error(`line ${index + 1}: what is promised there is not printed on the same line`)
    return [{ line: index + 1, texts: promised.split(' then ') }]
  })
}

/** Whether each line printed what it promised, whatever else it printed. */
export function isKept(promised: readonly Promised[], printed: ReadonlyMap<number, readonly string[]>): boolean {
  return promised.every(({ line, texts }) => {
    let found = 0
    for (const text of printed.get(line) ?? []) if (text === texts[found]) found += 1
    return found === texts.length
  })
}

/** The same code, telling `globalThis.told` which line of which page prints what it promised. */
export function telling(page: string, code: string): string {
  return code
    .split('\n')
    .map((text, index) => (text.includes('// => ') ? text.replace('console.log(', `globalThis.told('${page}', ${index + 1})(`) : text))
    .join('\n')
}
