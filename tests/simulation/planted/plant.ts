import { registerHooks } from 'node:module'
import { type PlantedBug, withBug } from './planted-bug.ts'

const root = new URL('../../../', import.meta.url)

/**
 * Plants a bug in this process: its file is another text when it is loaded from here on, and nothing on the disk changes. Call it before
 * anything imports the product. The returned function says whether the file was loaded.
 */
export function plant(bug: PlantedBug): () => boolean {
  const target = new URL(bug.file, root).href
  let isLoaded = false
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (url !== target) return loaded
      isLoaded = true
      return { ...loaded, source: withBug(bug, Buffer.from(loaded.source as Uint8Array).toString()) }
    },
  })
  return () => isLoaded
}
