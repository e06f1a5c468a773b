// The packages as npm would publish them, put into a folder that knows nothing of this repository.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** As an install from the registry takes on a slow day, in ms. */
const INSTALL_WITHIN_MS = 180_000

/** Several test files want the same tarballs; they are kept for so long after they were packed, in ms. */
const KEPT = join(root, 'node_modules/.cache/tidemark/packed')
const KEPT_MS = 3_600_000

export const PACKAGES = ['shared', 'client', 'server'] as const

export interface PackedPackages {
  /** Where each tarball lies, by the name of its package: `@tidemark/client`. */
  readonly tarballs: Readonly<Record<string, string>>
  /**
   * Types `npm install …` in that folder, which needs a package.json: of ours the tarballs are taken, of all others the version that this
   * repository has. Flags go to npm as they are. Needs the registry, or npm's cache.
   */
  install(folder: string, words: readonly string[]): Promise<void>
  /** The same without npm, for a quick test: ours are unpacked there, and everything that this repository has is found beside them. */
  link(folder: string): Promise<void>
}

/** Builds and packs all three. What is built already, as before each `npm test`, is not built again, and what was packed is not packed again. */
export async function packPackages(): Promise<PackedPackages> {
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', ...PACKAGES], { cwd: root })
  const folder = join(KEPT, await fingerprint())
  if (!existsSync(folder)) await pack(folder)
  const tarballs = Object.fromEntries(
    (await readdir(folder)).map((file) => [file.replace(/^(tidemark)-(\w+)-.*$/, '@$1/$2'), join(folder, file)]),
  )
  return {
    tarballs,
    async install(folder, words) {
      const exact = words.map(async (word) => (word.startsWith('-') ? word : (tarballs[word] ?? `${word}@${await versionHere(word)}`)))
      await npm(folder, ['install', '--prefer-offline', '--no-audit', '--no-fund', ...(await Promise.all(exact))])
    },
    async link(folder) {
      const modules = join(folder, 'node_modules')
      const here = join(root, 'node_modules')
      await mkdir(join(modules, '.bin'), { recursive: true })
      for (const name of await readdir(here)) {
        if (name !== '@tidemark' && !name.startsWith('.')) await symlink(join(here, name), join(modules, name), 'junction')
      }
      for (const name of await readdir(join(here, '.bin'))) {
        if (name !== 'tidemark') await symlink(await realpath(join(here, '.bin', name)), join(modules, '.bin', name))
      }
      for (const [name, tarball] of Object.entries(tarballs)) {
        const place = join(modules, name)
        await mkdir(place, { recursive: true })
        await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', place])
        const { bin = {} } = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as { bin?: Record<string, string> }
        for (const [command, path] of Object.entries(bin)) await symlink(join(place, path), join(modules, '.bin', command))
      }
    },
  }
}

/** Of all that goes into the tarballs: what the compiler wrote stands for what it read. */
async function fingerprint(): Promise<string> {
  const files = PACKAGES.flatMap((name) => ['package.json', 'README.md', 'LICENSE', 'dist/.tsbuildinfo'].map((file) => `${name}/${file}`))
  const hash = createHash('sha256')
  for (const file of [...files, 'server/bin/tidemark.mjs']) hash.update(await readFile(join(root, file)))
  return hash.digest('hex')
}

async function pack(folder: string): Promise<void> {
  await mkdir(KEPT, { recursive: true })
  const begun = await mkdtemp(join(KEPT, 'begun-'))
  await npm(root, ['pack', '--silent', '--pack-destination', begun, ...PACKAGES.flatMap((name) => ['-w', name])])
  // Somebody else may have done the same meanwhile.
  await rename(begun, folder).catch(() => rm(begun, { recursive: true, force: true }))
  for (const other of await readdir(KEPT)) {
    const { mtimeMs } = await stat(join(KEPT, other)).catch(() => ({ mtimeMs: Date.now() }))
    if (mtimeMs < Date.now() - KEPT_MS) await rm(join(KEPT, other), { recursive: true, force: true })
  }
}

/** A new folder outside of this repository, with these files; `package.json` says that its code is ES modules unless given. */
export async function bareFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tidemark-bare-')))
  const all = { 'package.json': JSON.stringify({ name: 'bare', private: true, type: 'module' }), ...files }
  for (const [path, text] of Object.entries(all)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

async function versionHere(name: string): Promise<string> {
  return (JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version
}

/** Runs npm and returns what it printed; throws with what it said when it fails. */
async function npm(cwd: string, args: readonly string[]): Promise<string> {
  // Neither what `npm test` set for its children, nor the settings of this repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
  const options = { cwd, env, timeout: INSTALL_WITHIN_MS, maxBuffer: 64 << 20, shell: process.platform === 'win32' }
  return (await run('npm', [...args], options)).stdout
}
