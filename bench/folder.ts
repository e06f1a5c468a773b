import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gives `work` a folder of its own for each name it asks for; they are gone afterwards. */
export async function withFolder<T>(work: (folder: (name: string) => string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'tidemark-bench-'))
  try {
    return await work((name) => join(root, name))
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
