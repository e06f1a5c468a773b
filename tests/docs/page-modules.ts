// For Vite: the code on the pages of the project as modules, so that a browser runs what stands there. `page:guides/react.md/room.tsx` is that
// block of docs/guides/react.md; what it imports from './' is another one of the page, or what all pages go on from.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compile, compileModule } from 'svelte/compiler'
import { type Plugin, transformWithOxc } from 'vite'
import { compileScript, parse } from 'vue/compiler-sfc'
import { blocksOf, nameOf } from './page-code.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const MODULE = /^(.*\.md)\/([\w./-]+)$/

export function pageModules(): Plugin {
  return {
    name: 'page-modules',
    enforce: 'pre',
    resolveId(id, importer) {
      const path = id.startsWith('page:')
        ? join(root, 'docs', id.slice('page:'.length))
        : id.startsWith('./') && importer
          ? join(dirname(importer), id)
          : id
      return MODULE.test(path) ? path : undefined
    },
    async load(id) {
      const [, page = '', name = ''] = MODULE.exec(id) ?? []
      if (name === '') return
      const code = (await codeOf(page, name)) ?? (name === 'replica.ts' ? GIVEN : await codeOf(join(root, 'README.md'), name))
      if (code === undefined) throw new Error(`${page} has no ${name}`)
      return { code: await compiled(code, id), moduleSideEffects: true }
    },
  }
}

/** A test hands its replica over. */
const GIVEN = 'export const { replica, room } = globalThis.given'

async function codeOf(page: string, name: string): Promise<string | undefined> {
  return blocksOf(await readFile(page, 'utf8')).find((block) => nameOf(block) === name)?.code
}

/** Scripts and components as JavaScript; what else there is stays as it is. */
async function compiled(code: string, id: string): Promise<string> {
  if (id.endsWith('.svelte')) return compile(code, { filename: id, generate: 'client' }).js.code
  if (id.endsWith('.svelte.ts')) return compileModule((await transformWithOxc(code, id)).code, { filename: id, generate: 'client' }).js.code
  if (!id.endsWith('.vue')) return code
  const { descriptor } = parse(code, { filename: id })
  return (await transformWithOxc(compileScript(descriptor, { id, inlineTemplate: true }).content, `${id}.ts`)).code
}
