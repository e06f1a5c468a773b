import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@tidemark/shared'

const SECRET_BYTES = 48

/** A secret that signs tokens: made once and kept beside the data, readable by its owner alone, so that tokens outlive a restart. */
export function keptSecret(folder: string, name: 'dev-secret' | 'anonymous-secret', random: Random): string {
  const file = join(folder, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  try {
    writeFileSync(file, Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url'), { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if (!isThere(error)) throw error
  }
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < SECRET_BYTES) throw new Error(`${file} is damaged: delete it, and everyone signs in anew`)
  return secret
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}
