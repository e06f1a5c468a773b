import { characters } from '../../characters.ts'

/** Code points of a name. */
const NAME_CHARACTERS_MAX = 32
/** Characters of an id. Source: protocol §2. */
const ID_CHARACTERS_MAX = 128
const PLAIN = /^[A-Za-z0-9._-][A-Za-z0-9._~-]*$/
const ENCODED = /^~[A-Za-z0-9_-]+$/
/** Control and formatting characters: a name made of them could look like another one. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u
const RESERVED = ['__proto__', 'constructor', 'prototype']

export type NameProblem = 'empty' | 'too long' | 'unseen' | 'reserved'

/** A name as it was meant: outer space goes, inner space is one, and the same letters are the same bytes. */
export function tidyName(name: string): string {
  return name.trim().replace(/\s+/g, ' ').normalize('NFC')
}

/** Why a tidy text cannot be a user's or a room's name; undefined when it can. */
export function nameProblem(name: string): NameProblem | undefined {
  if (name === '') return 'empty'
  if (UNSEEN.test(name)) return 'unseen'
  if (RESERVED.includes(name)) return 'reserved'
  return characters(name) > NAME_CHARACTERS_MAX || idOf(name).length > ID_CHARACTERS_MAX ? 'too long' : undefined
}

/**
 * What stands for a name in a space's id, where only some of ASCII may stand (protocol §2): `alice` is itself, and any other
 * name is `~` with the base64url of its UTF-8.
 */
export function idOf(name: string): string {
  if (PLAIN.test(name)) return name
  const base64 = btoa(String.fromCharCode(...new TextEncoder().encode(name)))
  return `~${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** The name that an id stands for. An id that no name has is shown as it is: nobody can look like somebody else by it. */
export function nameOf(id: string): string {
  if (!ENCODED.test(id)) return id
  try {
    const bytes = Uint8Array.from(atob(id.slice(1).replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0))
    const name = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return nameProblem(name) === undefined && tidyName(name) === name && idOf(name) === id ? name : id
  } catch {
    return id
  }
}

/** Whether an id can stand for a user or a room here. */
export function isNameId(id: string): boolean {
  return nameProblem(nameOf(id)) === undefined || (ENCODED.test(id) && id.length <= ID_CHARACTERS_MAX)
}
