import { hash } from 'node:crypto'
import type { Seal } from '@tidemark/shared'

/** The digits of a commit's seal: the first 32 bits of SHA-256 over the seal before it and the commit's stored bytes. Source: protocol §2. */
export function nextSeal(before: Seal, body: string): Seal {
  return hash('sha256', before + body, 'hex').slice(0, 8) as Seal
}
