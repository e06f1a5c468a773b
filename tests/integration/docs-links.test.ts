// What the pages of the project point to is there: files, folders, and headings within a page.
import { existsSync, globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** As GitHub names a heading: small letters, digits, - and _ are kept, blanks become -. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll('`', '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

async function anchorsOf(page: string): Promise<string[]> {
  const text = (await readFile(join(root, page), 'utf8')).replace(/```[\s\S]*?```/g, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading.trim()))
}

const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()

describe('the pages', () => {
  it.each(pages)('%s links only to what exists', async (page) => {
    const text = (await readFile(join(root, page), 'utf8')).replace(/```[\s\S]*?```/g, '')
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)|<img[^>]+src="([^"]+)"|srcset="([^"]+)"/g)].map(
      ([, link, src, set]) => link ?? src ?? set ?? '',
    )
    const missing = targets
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(root, dirname(page), target.replace(/#.*/, ''))))
    for (const target of targets.filter((target) => /^(?!https?:)[^:]*\.md#|^#/.test(target))) {
      const [path = '', anchor = ''] = target.split('#')
      const linked = path === '' ? page : join(dirname(page), path)
      if (existsSync(join(root, linked)) && !(await anchorsOf(linked)).includes(anchor)) missing.push(target)
    }
    expect(missing).toEqual([])
  })

  it('docs/README.md leads to all that is written for who uses Tidemark', async () => {
    const index = await readFile(join(root, 'docs/README.md'), 'utf8')
    const written = globSync('{start,guides,coming-from,recipes}/*.md', { cwd: join(root, 'docs') })
    expect(written.length).toBeGreaterThan(15)
    expect(written.filter((page) => !index.includes(`(${page.replaceAll('\\', '/')})`))).toEqual([])
  })
})
