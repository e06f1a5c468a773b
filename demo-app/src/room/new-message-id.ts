const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** An id for a new message: 126 random bits as 21 characters. (`crypto.randomUUID` is missing on plain http.) */
export function newMessageId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(21)), (byte) => BASE64URL[byte & 63]).join('')
}
