// Goal: a key is good or it is not, and nobody learns why not. Method: a table of keys that are wrong in one way each.
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../test/virtual-clock.ts'
import type { Log } from '../observe/log.ts'
import { systemRandom } from '../platform/system-random.ts'
import { type ApiKeyRecord, newApiKey } from './api-key.ts'
import { type ApiKeys, checkApiKey } from './api-keys.ts'
import { allows, isKnownScope, isScope } from './scope.ts'

const make = (more: Partial<ApiKeyRecord> = {}) => {
  const { key, record } = newApiKey(systemRandom, { tenant: 'default', name: 'billing', scopes: ['commit:*'], createdMs: 0 })
  return { key, record: { ...record, ...more } }
}

function bench(keys: ApiKeys) {
  const logged: string[] = []
  const keep = (detail: object, message: string) => {
    logged.push(`${message} ${JSON.stringify(detail, (_, value) => (value instanceof Error ? value.stack : value))}`)
  }
  const log: Log = { info: keep, warn: keep, error: keep }
  const clock = new VirtualClock()
  return { clock, logged, check: checkApiKey(keys, clock, log) }
}

describe('an API key', () => {
  it('is tm_, an id and 256 random bits; its record gives nothing of it back', () => {
    const { key, record } = make()
    expect(key).toMatch(/^tm_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    expect(key).toContain(record.id)
    expect(JSON.stringify(record)).not.toContain(key.slice(20))
    expect(make().key).not.toBe(key)
  })

  it('that is good names its record', async () => {
    const { key, record } = make()
    expect(await bench([make().record, record]).check(key)).toEqual(record)
  })

  it('that is unknown, wrong, taken back, over or no key at all is told apart by nobody', async () => {
    const good = make()
    const other = make()
    const revoked = make({ revokedAtMs: 0 })
    const { check, clock } = bench([good.record, revoked.record, make({ expiresAtMs: Number.MAX_SAFE_INTEGER }).record])
    const over = make({ expiresAtMs: clock.nowMs() })
    const soon = make({ expiresAtMs: clock.nowMs() + 1 })
    const timed = checkApiKey([over.record, soon.record], clock, { info() {}, warn() {}, error() {} })
    expect(await timed(soon.key)).toEqual(soon.record)
    const wrong: [string, (key: string) => Promise<unknown>][] = [
      [other.key, check],
      [`${good.key.slice(0, 20)}${other.key.slice(20)}`, check],
      [revoked.key, check],
      [over.key, timed],
      ['', check],
      ['tm_', check],
      [good.key.slice(0, -1), check],
      [`${good.key}A`, check],
      [`${good.key}\n`, check],
      [good.key.toUpperCase(), check],
      [`tm_${good.record.id}_${good.record.secretSha256.slice(0, 43)}`, check],
      ['x'.repeat(100_000), check],
    ]
    const texts = new Set<string>()
    for (const [key, asked] of wrong) {
      const error = await asked(key).then(
        () => expect.fail(key),
        (refused: { code: string; message: string }) => refused,
      )
      expect([key, error.code]).toEqual([key, 'unauthenticated'])
      texts.add(error.message)
    }
    expect(texts.size).toBe(1)
  })

  it('is looked up anew at each request, so that one that is taken back is refused at once', async () => {
    const { key, record } = make()
    let records: readonly ApiKeyRecord[] = []
    const { check } = bench(() => records)
    await expect(check(key)).rejects.toMatchObject({ code: 'unauthenticated' })
    records = [record]
    expect(await check(key)).toEqual(record)
    records = [{ ...record, revokedAtMs: 1 }]
    await expect(check(key)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('is unavailable, not wrong, while the look-up fails, answers nonsense or does not answer', async () => {
    const { key, record } = make()
    const bad: ApiKeys[] = [
      () => {
        throw new Error('no database')
      },
      async () => [{ ...record, scopes: ['everything'] }],
      () => [record, record],
      () => undefined as never,
    ]
    for (const keys of bad) {
      const { check, logged } = bench(keys)
      await expect(check(key)).rejects.toMatchObject({ code: 'unavailable' })
      expect(logged).toHaveLength(1)
      expect(logged[0]).not.toContain(key.slice(20))
    }
    const silent = bench(() => new Promise<never>(() => {}))
    const asked = expect(silent.check(key)).rejects.toMatchObject({ code: 'unavailable' })
    await silent.clock.pass(5000)
    await asked
  })

  it('list is refused at the start when it is no list of keys, with the field that is wrong', () => {
    const { record } = make()
    expect(() => bench([{ ...record, secretSha256: 'abc' }])).toThrow(/apiKeys\.0\.secretSha256/)
    expect(() => bench([{ ...record, scopes: ['commit'] }])).toThrow(/scopes\.0/)
    expect(() => bench([record, record])).toThrow(/one id/)
  })
})

describe('a scope', () => {
  it('allows every space, those of a kind, or one', () => {
    const table: [string, string, boolean][] = [
      ['commit:*', 'room:42', true],
      ['commit:room', 'room:42', true],
      ['commit:room', 'room', true],
      ['commit:room:42', 'room:42', true],
      ['commit:room:42', 'room:421', false],
      ['commit:room:4', 'room:42', false],
      ['commit:room', 'rooms:42', false],
      ['commit:user', 'room:42', false],
      ['push:*', 'room:42', false],
    ]
    for (const [scope, space, is] of table) expect([scope, space, allows([scope], 'commit', space)]).toEqual([scope, space, is])
    expect(allows([], 'commit', 'room:1')).toBe(false)
    expect(allows(['commit:user', 'commit:room:1'], 'commit', 'room:1')).toBe(true)
  })

  it('of a later build is read, and allows nothing here', () => {
    expect([isScope('push:room:1'), isKnownScope('push:room:1'), isKnownScope('commit:room:1')]).toEqual([true, false, true])
    for (const none of ['commit', 'commit:', '*', 'commit:Room', 'commit:room:', ':room', 7, 'commit:**']) expect(isScope(none)).toBe(false)
  })
})
