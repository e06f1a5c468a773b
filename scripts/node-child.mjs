// Child processes that run this same Node, never a shell: it works alike on Linux, macOS and Windows.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const BIOME = 'node_modules/@biomejs/biome/bin/biome'
export const TSC = 'node_modules/typescript/bin/tsc'
export const VITE = 'node_modules/vite/bin/vite.js'
export const VITEST = 'node_modules/vitest/vitest.mjs'
/** Resolves workspace packages to their TypeScript source instead of their build. */
export const FROM_SOURCE = '--conditions=@tidemark/source'

/**
 * Starts `node ...args` in the project's root, on our own terminal.
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 */
export function nodeChild(args, options = {}) {
  return spawn(process.execPath, args, { cwd: root, stdio: 'inherit', ...options })
}

/**
 * The exit code of a child; 1 when a signal ended it or it could not start.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
export function exitCode(child) {
  return new Promise((resolve) => {
    child.once('error', () => resolve(1))
    child.once('close', (code) => resolve(code ?? 1))
  })
}

/**
 * Runs `node ...args` to its end and keeps what it prints.
 * @param {string[]} args
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function quietly(args) {
  const child = nodeChild(args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  return { code: await exitCode(child), output }
}
