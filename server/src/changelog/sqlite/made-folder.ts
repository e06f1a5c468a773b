import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Makes the folder where it is missing, for its owner alone, so that it is there after a power cut. Throws what the system says. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
  // Windows cannot open a folder to flush it, and does not need to.
  if (first === undefined || process.platform === 'win32') return
  for (let created = folder; created.length >= first.length; created = dirname(created)) flushFolder(dirname(created))
}

function flushFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
