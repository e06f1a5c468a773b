import { TooLargeError } from './errors.ts'

export interface Measure {
  readonly bytesMax: number
  readonly depthMax: number
  readonly keysMax: number
}

/** Length of a text in UTF-8 bytes; a lone surrogate counts 3, as encoders write U+FFFD for it. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) {
      bytes += 2
      at++
    } else bytes += 2
  }
  return bytes
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/**
 * Measures JSON text before it is parsed: bytes, depth, and keys and list items together. One pass, no recursion and no
 * allocation, so that no input can exhaust the stack (JSON.parse takes a depth of 200,000; what comes after it does not).
 * Whether the text is JSON at all is left to the parser. Throws TooLargeError. Source: protocol §9.
 */
export function measure(text: string, { bytesMax, depthMax, keysMax }: Measure): void {
  // A UTF-16 unit takes three bytes at most: where there is room for that, nothing is counted.
  if (text.length > bytesMax || (text.length * 3 > bytesMax && utf8Bytes(text) > bytesMax))
    throw new TooLargeError(`more than ${bytesMax} bytes`)
  let depth = 0
  let keys = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (inString) {
      if (unit === BACKSLASH) at++
      else if (unit === QUOTE) inString = false
      continue
    }
    switch (unit) {
      case QUOTE:
        inString = true
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > depthMax) throw new TooLargeError(`nested deeper than ${depthMax} levels`)
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--
        break
      case COLON:
      case COMMA:
        if (++keys > keysMax) throw new TooLargeError(`more than ${keysMax} keys and items`)
        break
    }
  }
}
