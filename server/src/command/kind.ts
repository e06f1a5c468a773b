/** What a setting may be. */
export interface Kind<T> {
  /** Completes "... is needed". */
  readonly needed: string
  /** Stands for the value in help; none: the setting is on or off. */
  readonly placeholder: string | undefined
  /** What a flag or variable says, as the file would write it. */
  fromText(text: string): unknown
  is(value: unknown): value is T
}

export const text: Kind<string> = {
  needed: 'a text',
  placeholder: 'TEXT',
  fromText: (said) => said,
  is: (value): value is string => typeof value === 'string' && value !== '',
}

export const folder: Kind<string> = { ...text, needed: 'a folder', placeholder: 'DIR' }
export const file: Kind<string> = { ...text, needed: 'a file', placeholder: 'FILE' }
export const address: Kind<string> = { ...text, needed: 'an address (URL)', placeholder: 'URL', is: isAddress }

export const onOff: Kind<boolean> = {
  needed: 'true or false',
  placeholder: undefined,
  fromText: (said) => (said === 'true' || said === '1' ? true : said === 'false' || said === '0' ? false : said),
  is: (value) => typeof value === 'boolean',
}

export function wholeNumber(min: number, max: number): Kind<number> {
  return {
    needed: `a whole number from ${min} to ${max}`,
    placeholder: 'N',
    fromText: (said) => (/^\d{1,15}$/.test(said) ? Number(said) : said),
    is: (value): value is number => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  }
}

export function oneOf<T extends string>(...words: readonly T[]): Kind<T> {
  return {
    needed: `one of ${words.join(', ')}`,
    placeholder: 'WORD',
    fromText: (said) => said,
    is: (value): value is T => words.some((word) => word === value),
  }
}

/** Written with commas in a flag or variable. */
export function list<T extends string>(item: Kind<T>, needed = `a list, each ${item.needed}`): Kind<readonly T[]> {
  return {
    needed,
    placeholder: 'A,B',
    fromText: (said) => said.split(',').map((part) => part.trim()),
    is: (value): value is readonly T[] => Array.isArray(value) && value.length > 0 && value.every((part) => item.is(part)),
  }
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value)
}
