/** What a name may be here: it stands in the space `user:{name}`, so it follows the rule for names of spaces. */
export const NAME_RULE = 'Letters a to z, digits, and . _ ~ - without spaces, at most 32 characters.'
const NAME = /^[A-Za-z0-9._~-]{1,32}$/
const RESERVED = ['__proto__', 'constructor', 'prototype']

/** Why a text cannot be a user's or a room's name; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Write a name first.'
  if (!NAME.test(name)) return NAME_RULE
  if (RESERVED.includes(name)) return `${name} means something to the machine. Choose another name.`
  return undefined
}
