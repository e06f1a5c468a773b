// Goal: a newcomer who does what README.md says gets what it says. Method: its files in an empty folder, its commands typed there, with the packages that npm
// would publish; with CI npm installs them. Only the port is another one, as 8787 may be taken.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type PackedPackages, packPackages } from '../harness/packed-packages.ts'
import { freePort } from '../harness/server-process.ts'
import { blocksOf, nameOf } from './page-code.ts'
import { openTerminal } from './terminal.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** Lines of code that the README asks a visitor to read before something runs. */
const LINES_MAX = 30

const blocks = blocksOf(await readFile(join(root, 'README.md'), 'utf8'))
const fileOf = (name: string) => blocks.find((block) => nameOf(block) === name)?.code ?? ''

describe('the code of the README', () => {
  let packed: PackedPackages
  beforeAll(async () => {
    packed = await packPackages()
  })

  it(`is two files of ${LINES_MAX} lines together`, () => {
    const lines = `${fileOf('app.ts')}${fileOf('page.ts')}`.split('\n').filter((line) => line.trim() !== '')
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.length).toBeLessThanOrEqual(LINES_MAX)
  })

  it('sends a message, sees it at once and again from the server, and a second device finds it', async () => {
    const port = await freePort()
    const commands =
      blocks
        .find(({ language }) => language === 'sh')
        ?.code.trim()
        .split('\n') ?? []
    const terminal = await openTerminal(packed, { quick: process.env.CI === undefined, port })
    onTestFinished(terminal.close)
    for (const name of ['app.ts', 'page.ts']) await terminal.write(name, fileOf(name).replaceAll('8787', `${port}`))
    const [init = '', install = '', serve = '', open = '', ...others] = commands
    expect(others).toEqual([])
    await terminal.type(init)
    await terminal.type(install)
    await terminal.start(serve)
    expect(await terminal.type(open)).toContain("'hi'")
    expect(await terminal.type(open)).toMatch(/'hi',\s+'hi'/)
  })
})
