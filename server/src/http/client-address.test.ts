import { describe, expect, it } from 'vitest'
import { clientAddress } from './client-address.ts'

const from = (remoteAddress: string | undefined, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } }) as never

describe('whom a request is counted for', () => {
  it.each([
    ['203.0.113.9', undefined, '203.0.113.9'],
    ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2'],
    ['2001:db8:1:2:ffff::1', undefined, '2001:db8:1:2'],
    ['2001:db8::1', undefined, '2001:db8:0:0'],
    ['127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::ffff:127.0.0.1', '203.0.113.9', '203.0.113.9'],
    ['::1', '203.0.113.9', '203.0.113.9'],
    ['127.0.0.1', 'invented, 203.0.113.9', '203.0.113.9'],
    ['127.0.0.1', '10.1.1.1,2001:db8:1:2::9', '2001:db8:1:2'],
    ['127.0.0.1', undefined, undefined],
    ['127.0.0.1', 'unknown', undefined],
    ['127.0.0.1', '', undefined],
    ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
    [undefined, '198.51.100.1', undefined],
  ])('%s that forwards for %s: %s', (peer, forwarded, address) => {
    expect(clientAddress()(from(peer, forwarded))).toBe(address)
  })

  it('proxies elsewhere are believed where they are named, and only those', () => {
    const addressOf = clientAddress(['10.0.0.0/8', 'fd00::/8', '192.0.2.7'])
    expect(addressOf(from('10.3.2.1', '203.0.113.9'))).toBe('203.0.113.9')
    expect(addressOf(from('fd12::1', '203.0.113.9'))).toBe('203.0.113.9')
    expect(addressOf(from('192.0.2.7', '203.0.113.9'))).toBe('203.0.113.9')
    expect(addressOf(from('192.0.2.8', '203.0.113.9'))).toBe('192.0.2.8')
    expect(addressOf(from('127.0.0.1', '203.0.113.9'))).toBe('127.0.0.1')
  })

  it.each(['', 'proxy.example', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '::/129', '10.0.0'])('%s is refused as a proxy', (proxy) => {
    expect(() => clientAddress([proxy])).toThrow(/is no address/)
  })
})
