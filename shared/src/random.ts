/** Chance as a part sees it; the entry points hand in the real one, tests a seeded one. */
export interface Random {
  /** Uniform in [0, 1): for jitter. */
  unit(): number
  /** `count` unpredictable bytes: for ids and nonces. */
  bytes(count: number): Uint8Array
}

/** 16 hex digits. */
export function newNonce(random: Random): string {
  return Array.from(random.bytes(8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** `c_` and 22 characters: 128 random bits and 4 that are 0, as base64url writes 16 bytes. */
export function newClientId(random: Random): string {
  let id = 'c_'
  let held = 0
  let bits = 0
  for (const byte of random.bytes(16)) {
    held = (held << 8) | byte
    bits += 8
    while (bits >= 6) {
      bits -= 6
      id += BASE64URL[(held >> bits) & 63]
    }
  }
  return id + BASE64URL[(held << (6 - bits)) & 63]
}

/** An id for a new document: 21 characters of base64url, 126 random bits. */
export function newDocumentId(random: Random): string {
  return Array.from(random.bytes(21), (byte) => BASE64URL[byte & 63]).join('')
}
