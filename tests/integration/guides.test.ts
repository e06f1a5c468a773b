// Goal: the code of the guides to apps and clients compiles as it stands there. Method: its blocks are read from the pages, beside the app that they speak of.
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** The blocks of a language on a page, in their order. */
async function blocks(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(root, page), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code)
}
const named = (codes: readonly string[], name: string) => codes.find((code) => code.startsWith(`// ${name}`)) ?? ''

describe('the guides', () => {
  let folder: string
  beforeAll(async () => {
    await mkdir(join(root, 'test-results'), { recursive: true })
    // Inside the project, so that the packages are found.
    folder = await mkdtemp(join(root, 'test-results', 'guides-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** What the compiler says of these files; `lib`: the world that they run in. */
  async function compiled(files: Readonly<Record<string, string>>, lib: readonly string[]): Promise<string> {
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { lib, types: ['node'], jsx: 'react-jsx' },
        include: ['*.ts', '*.tsx'],
        references: [],
      }),
    )
    for (const [name, code] of Object.entries(files)) {
      expect(code).not.toBe('')
      await writeFile(join(folder, name), code)
    }
    const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--noEmit']).catch(
      (error: { stdout: string }) => error,
    )
    for (const name of Object.keys(files)) await rm(join(folder, name))
    return stdout
  }

  it('docs/guides/client.md compiles, read from its top to its end, with the app of the README', async () => {
    const page = 'docs/guides/client.md'
    const [component = ''] = await blocks(page, 'tsx')
    const files = { 'app.ts': named(await blocks('README.md', 'ts'), 'app.ts'), 'page.ts': (await blocks(page, 'ts')).join('\n') }
    expect(await compiled({ ...files, 'messages.tsx': component }, ['es2024', 'dom'])).toBe('')
  })

  it('docs/guides/define-an-app.md compiles, and its app is one', async () => {
    const codes = await blocks('docs/guides/define-an-app.md', 'ts')
    const files = { 'app.ts': named(codes, 'app.ts'), 'access.ts': named(codes, 'access.ts') }
    expect(Object.keys(files)).toHaveLength(codes.length)
    expect(await compiled(files, ['es2024'])).toBe('')
    await writeFile(join(folder, 'defined.ts'), files['app.ts'])
    await run(process.execPath, ['--conditions=@tidemark/source', join(folder, 'defined.ts')], { cwd: root })
  })
})
