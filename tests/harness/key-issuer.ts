import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'

/** An issuer of ES256 tokens on this machine, which publishes its keys and changes them. */
export interface KeyIssuer {
  readonly jwksUrl: string
  /** How often its keys were asked for. */
  readonly asked: number
  token(user: string, expiresInS: number): string
  /** Signs with a new key from now on; the old one is published no longer. */
  rotate(): void
  close(): Promise<void>
}

export async function startKeyIssuer(): Promise<KeyIssuer> {
  let keys = 0
  let current = newKey()
  let asked = 0
  function newKey(): { kid: string; privateKey: KeyObject; publicKey: KeyObject } {
    return { kid: `key ${++keys}`, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
  }
  const server = createServer((_, answer) => {
    asked++
    answer.end(JSON.stringify({ keys: [{ ...current.publicKey.export({ format: 'jwk' }), kid: current.kid, alg: 'ES256', use: 'sig' }] }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    jwksUrl: `http://127.0.0.1:${address.port}/keys`,
    get asked() {
      return asked
    },
    token(user, expiresInS) {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const signed = `${part({ alg: 'ES256', kid: current.kid })}.${part({ sub: user, exp: Math.floor(Date.now() / 1000) + expiresInS })}`
      return `${signed}.${sign('sha256', Buffer.from(signed), { key: current.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
    rotate() {
      current = newKey()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
