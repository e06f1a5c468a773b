// What a browser's IndexedDB does when a replica is opened, and what becomes of a database that is cleared for good.
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fixedBeat } from './connection/beat-policy.ts'
import { NO_HINTS } from './connection/hints.ts'
import { type OpenReplicaOptions, openReplica } from './open-replica.ts'
import { UNIT_ATTEMPTS_MAX } from './replica/dexie-storage.ts'
import { chatApp } from './testing/chat-app.ts'

const NAME = 'tidemark:default:alice'
let names = 0
const open = (indexedDB: IDBFactory, more: Partial<OpenReplicaOptions<typeof chatApp>> = {}) =>
  openReplica({
    ...{ app: chatApp, url: 'http://localhost:1', user: 'alice', token: () => 'good', indexedDB, IDBKeyRange },
    transport: { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) },
    ...{ lifecycle: NO_HINTS, network: NO_HINTS, beat: fixedBeat },
    ...more,
  })
/** An engine whose `open` fails the first so many times. */
function failing(times: number, error: () => Error): IDBFactory & { readonly opens: number } {
  const engine = new IDBFactory()
  const state = { opens: 0 }
  return new Proxy(engine, {
    get(target, key) {
      if (key === 'opens') return state.opens
      if (key !== 'open') return Reflect.get(target, key).bind?.(target) ?? Reflect.get(target, key)
      return (...args: [string, number?]) => {
        state.opens++
        if (state.opens > times) return target.open(...args)
        // As engines do: an event, not an exception.
        const request = { error: error(), onerror: undefined as ((event: object) => void) | undefined, addEventListener() {} }
        queueMicrotask(() => request.onerror?.({ target: request, preventDefault() {}, stopPropagation() {} }))
        return request
      }
    },
  }) as never
}
const storageOf = async (replica: Awaited<ReturnType<typeof open>>) => (await firstValueFrom(replica.status$)).storage
const say = (replica: Awaited<ReturnType<typeof open>>) =>
  replica.space('room:1').mutate.put({ c: 'messages', id: 'm', doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })

describe('opening', () => {
  it('gets over an engine that fails to open after its site data was cleared, as Chrome does with UnknownError', async () => {
    const engine = failing(3, () => new DOMException('Internal error opening backing store for indexedDB.open.', 'UnknownError'))
    const replica = await open(engine, { name: `recovers ${names++}` })
    expect((await say(replica)).durable).toBe(true)
    expect(await storageOf(replica)).toMatchObject({ durable: true, error: undefined })
    await replica.close()
  })

  it('of a database that is broken for good ends after a bounded number of tries, in an error that says what to do', async () => {
    const engine = failing(Infinity, () => new DOMException('Internal error opening backing store for indexedDB.open.', 'UnknownError'))
    await expect(open(engine, { name: `broken ${names++}` })).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/reload/),
    })
    expect(engine.opens).toBeLessThanOrEqual(8 * UNIT_ATTEMPTS_MAX)
  })

  it.each(['SecurityError', 'NotSupportedError'])(
    'where the browser allows no storage (%s) is a replica in memory that says so',
    async (name) => {
      const engine = new Proxy(new IDBFactory(), {
        get: () => () => {
          throw new DOMException('The user denied permission to access the database.', name)
        },
      })
      const replica = await open(engine)
      expect([(await say(replica)).durable, await storageOf(replica)]).toMatchObject([false, { durable: false, lost: undefined }])
      await replica.close()
    },
  )

  it('keeps what each user wrote apart: another user of the same device finds nothing of it', async () => {
    const disk = new IDBFactory()
    const alice = await open(disk)
    await say(alice)
    await alice.close()
    const bob = await open(disk, { user: 'bob' })
    expect([await bob.audit(), bob.clientId === alice.clientId]).toMatchObject([{ created: 0, pending: 0 }, false])
    await bob.close()
    const again = await open(disk)
    expect((await again.audit()).pending).toBe(1)
    await again.close()
  })
})

describe('clear()', () => {
  it('takes the database off the device', async () => {
    const disk = new IDBFactory()
    const replica = await open(disk)
    await say(replica)
    expect((await disk.databases()).map(({ name }) => name)).toEqual([NAME])
    expect(await replica.clear({ discardPending: true })).toEqual({ pending: 1, refused: 0 })
    expect(await disk.databases()).toEqual([])
  })
})
