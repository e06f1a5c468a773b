/** Chance as a part sees it; the entry points hand in the real one, tests a seeded one. */
export interface Random {
  /** Uniform in [0, 1): for jitter. */
  unit(): number
  /** `count` unpredictable bytes: for ids and nonces. */
  bytes(count: number): Uint8Array
}

/** 16 hex digits. */
export function newNonce(random: Random): string {
  return Array.from(random.bytes(16), (byte) => (byte & 15).toString(16)).join('')
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** `c_` and 22 characters: 128 random bits, as base64url writes 16 bytes; the last character has 2 of them. */
export function newClientId(random: Random): string {
  return `c_${Array.from(random.bytes(22), (byte, at) => BASE64URL[byte & (at < 21 ? 63 : 48)]).join('')}`
}

/**
 * The client id under which mutations go on that could not under `client`; `nonce` is that of the first of them. The same on every copy
 * of a device, and on one that is set back, so that what several of them still hold is done once.
 */
export function nextClientId(client: string, nonce: string): string {
  const digits = client.slice(2)
  const valueAt = (at: number) =>
    BASE64URL.indexOf(digits.charAt((at + 1) % digits.length)) + Number.parseInt(nonce.charAt(at % nonce.length), 16)
  return `c_${Array.from(digits, (_, at) => BASE64URL[valueAt(at) % 64]).join('')}`
}

/** An id for a new document: 21 characters of base64url, 126 random bits. */
export function newDocumentId(random: Random): string {
  return Array.from(random.bytes(21), (byte) => BASE64URL[byte & 63]).join('')
}
