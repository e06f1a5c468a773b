import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'

/** Whom to count a request for: an IPv4 address, or the /64 of an IPv6 one, which is one household; undefined: nobody in particular. */
export type AddressOf = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => string | undefined

export const THIS_MACHINE: readonly string[] = ['127.0.0.0/8', '::1/128']

/**
 * Who is behind a request. A proxy is believed about its client, the last of X-Forwarded-For; a proxy that says nothing stands for nobody
 * in particular. Throws TypeError for what is no address.
 */
export function clientAddress(proxies: readonly string[] = THIS_MACHINE): AddressOf {
  const trusted = new BlockList()
  for (const proxy of proxies) trust(trusted, proxy)
  return ({ headers, socket }) => {
    const peer = socket.remoteAddress
    if (peer === undefined) return undefined
    if (!trusted.check(plain(peer), family(peer))) return counted(peer)
    const forwarded = headers['x-forwarded-for']
    const last = (Array.isArray(forwarded) ? forwarded.at(-1) : forwarded)?.split(',').at(-1)?.trim()
    return last === undefined || isIP(last) === 0 ? undefined : counted(last)
  }
}

/** The same of a request that a route was given; undefined also where it did not come over a network. */
export function addressIn(c: Context, addressOf: AddressOf): string | undefined {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>
  return incoming && addressOf(incoming)
}

function trust(trusted: BlockList, proxy: string): void {
  const [address = '', bits, ...rest] = proxy.split('/')
  const widest = isIP(address) === 6 ? 128 : 32
  const prefix = bits === undefined ? widest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (isIP(address) === 0 || !(prefix <= widest) || rest.length > 0)
    throw new TypeError(`proxies: ${proxy} is no address; write it as in 10.0.0.7 or 10.0.0.0/8`)
  trusted.addSubnet(address, prefix, family(address))
}

/** Without the wrapping that a socket for both families gives an IPv4 address. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIP(plain(address)) === 6 ? 'ipv6' : 'ipv4'
}

function counted(address: string): string {
  if (family(address) === 'ipv4') return plain(address)
  const [head = '', tail = ''] = address.toLowerCase().split('::')
  const before = head.split(':').filter((part) => part !== '')
  const after = tail.split(':').filter((part) => part !== '')
  const groups = [...before, ...Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
