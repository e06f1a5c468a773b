import type { ReplicaStorage, StorageRead, Write } from './storage.ts'

/** The part of a test runner that the suite uses; vitest's is one. */
export interface SuiteRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
  expect(value: unknown): { toEqual(expected: unknown): void }
}

export interface SuiteSubject {
  /** An empty storage for the tables of `chatApp`. */
  open(): Promise<ReplicaStorage>
  /** Time that is not the storage's; given where the engine ends a transaction of which nothing is asked. */
  readonly pause?: (() => Promise<void>) | undefined
}

const write = (storage: ReplicaStorage, ...writes: Write[]) =>
  storage.write(['self', 'outbox', 'room_messages'], 'relaxed', async () => ({ result: undefined, writes }))
const message = (s: number, id: string, more: object = {}) => ({ $k: `${s} ${id}`, $s: s, $id: id, $v: 1, $b: 1, $p: 0, text: id, ...more })

/** What every `ReplicaStorage` does, held against one. */
export function describeReplicaStorage(name: string, { describe, it, expect }: SuiteRunner, { open, pause }: SuiteSubject): void {
  const using = (title: string, body: (storage: ReplicaStorage) => Promise<void>) =>
    it(title, async () => {
      const storage = await open()
      try {
        await body(storage)
      } finally {
        await storage.close()
      }
    })
  const keys = async (storage: ReplicaStorage, range?: Parameters<StorageRead['list']>[1], limit?: number) =>
    (await storage.read(['room_messages'], (tx) => tx.list('room_messages', range, limit))).map((row) => row.$k)

  describe(`the storage contract: ${name}`, () => {
    using('a committed row is read back as it was', async (storage) => {
      const row = { id: 'self', deep: { list: [1, 'two', null, { three: true }] }, '': 0 }
      await write(storage, { table: 'self', put: [row] })
      expect(await storage.read(['self'], (tx) => tx.get('self', 'self'))).toEqual(row)
      expect(await storage.read(['self'], (tx) => tx.get('self', 'other'))).toEqual(undefined)
      expect(await storage.read(['self'], (tx) => tx.getMany('self', ['other', 'self']))).toEqual([undefined, row])
    })

    using('a list is in order of the keys, within both ends, at most so long', async (storage) => {
      await write(storage, {
        table: 'room_messages',
        put: ['2 b', '1 z', '10 a', '1 a', '1 \uffff'].map((k) => message(Number.parseInt(k, 10), k.split(' ')[1] as string)),
      })
      expect(await keys(storage)).toEqual(['1 a', '1 z', '1 \uffff', '10 a', '2 b'])
      expect(await keys(storage, { from: '1 ', to: '1!' })).toEqual(['1 a', '1 z', '1 \uffff'])
      expect(await keys(storage, { from: '1 z' }, 2)).toEqual(['1 z', '1 \uffff'])
      await write(storage, { table: 'outbox', put: [10, 9, 100].map((n) => ({ n })) })
      expect(await storage.read(['outbox'], (tx) => tx.list('outbox', { to: 10 }))).toEqual([{ n: 9 }, { n: 10 }])
    })

    using('writes of one burst are done in their order', async (storage) => {
      await write(storage, { table: 'room_messages', put: [message(1, 'a'), message(1, 'b'), message(2, 'a')] })
      await write(
        storage,
        { table: 'room_messages', deleteRange: { from: '1 ', to: '1!' } },
        { table: 'room_messages', put: [message(1, 'a'), message(3, 'c')] },
        { table: 'room_messages', delete: ['3 c', '9 none'] },
      )
      expect(await keys(storage)).toEqual(['1 a', '2 a'])
    })

    using('a unit that throws writes nothing, and the next one runs', async (storage) => {
      const failure = new TypeError('app code')
      const outcome = await storage
        .write(['self'], 'strict', async (tx) => {
          await tx.get('self', 'self')
          throw failure
        })
        .catch((error: unknown) => error)
      expect(outcome === failure).toEqual(true)
      await write(storage, { table: 'self', put: [{ id: 'self' }] })
      expect(await storage.read(['self'], (tx) => tx.list('self'))).toEqual([{ id: 'self' }])
    })

    using('a burst of which one write fails writes nothing', async (storage) => {
      const failed = await write(
        storage,
        { table: 'self', put: [{ id: 'self' }] },
        { table: 'outbox', put: [{ n: 1 }, { n: undefined }] },
      ).then(
        () => false,
        () => true,
      )
      expect(failed).toEqual(true)
      expect(await storage.read(['self', 'outbox'], async (tx) => [...(await tx.list('self')), ...(await tx.list('outbox'))])).toEqual([])
    })

    using('what cannot be stored is refused, and the burst with it', async (storage) => {
      const failed = await write(storage, { table: 'self', put: [{ id: 'a' }, { id: 'self', call: () => {} }] }).then(
        () => false,
        () => true,
      )
      expect(failed).toEqual(true)
      expect(await storage.read(['self'], (tx) => tx.list('self'))).toEqual([])
    })

    using('units that overlap run one after the other', async (storage) => {
      const increment = () =>
        storage.write(['self'], 'strict', async (tx) => {
          const n = ((await tx.get('self', 'self'))?.n as number | undefined) ?? 0
          await tx.get('self', 'none')
          return { result: n + 1, writes: [{ table: 'self', put: [{ id: 'self', n: n + 1 }] }] }
        })
      const results = await Promise.all([increment(), increment(), increment()])
      expect([...results].sort()).toEqual([1, 2, 3])
    })

    using('a unit reads the rows of one moment', async (storage) => {
      await write(storage, { table: 'self', put: [{ id: 'self', n: 1 }] }, { table: 'outbox', put: [{ n: 1 }] })
      const [seen] = await Promise.all([
        storage.read(['self', 'outbox'], async (tx) => {
          const self = await tx.get('self', 'self')
          await tx.get('self', 'none')
          return [self?.n, (await tx.list('outbox')).length]
        }),
        write(storage, { table: 'self', put: [{ id: 'self', n: 2 }] }, { table: 'outbox', put: [{ n: 2 }] }),
      ])
      expect(seen).toEqual([1, 1])
    })

    using('a row that was stored does not change with the object that it came from', async (storage) => {
      const row = { id: 'self', list: [1] }
      await write(storage, { table: 'self', put: [row] })
      row.list.push(2)
      expect(await storage.read(['self'], (tx) => tx.get('self', 'self'))).toEqual({ id: 'self', list: [1] })
    })

    using('a table that the unit did not name is not touched', async (storage) => {
      const failed = await storage
        .write(['self'], 'relaxed', async () => ({ result: 0, writes: [{ table: 'outbox', put: [{ n: 1 }] }] }))
        .then(
          () => false,
          () => true,
        )
      expect(failed).toEqual(true)
      expect(await storage.read(['outbox'], (tx) => tx.list('outbox'))).toEqual([])
    })

    using('commits are told with their tables, until the listener ends it', async (storage) => {
      const heard: string[][] = []
      const end = storage.onChange((tables) => void heard.push([...tables].sort()))
      await write(storage, { table: 'outbox', put: [{ n: 1 }] }, { table: 'room_messages', put: [message(1, 'a')] })
      await storage.write(['self'], 'relaxed', async () => ({ result: 0, writes: [] }))
      end()
      await write(storage, { table: 'self', put: [{ id: 'self' }] })
      expect(heard).toEqual([['outbox', 'room_messages']])
    })

    using('many units at once are all done', async (storage) => {
      const units = Array.from({ length: 20 }, (_, n) => write(storage, { table: 'outbox', put: [{ n: n + 1 }] }))
      await Promise.all(units)
      expect((await storage.read(['outbox'], (tx) => tx.list('outbox'))).length).toEqual(20)
    })

    if (pause) {
      using('a unit that waits for something else has written nothing, and says so', async (storage) => {
        const outcome = await storage
          .write(['self'], 'strict', async (tx) => {
            await tx.get('self', 'self')
            await pause()
            return { result: 0, writes: [{ table: 'self', put: [{ id: 'self' }] }] }
          })
          .catch((error: Error) => error.name)
        expect(outcome).toEqual('UnitEndedError')
        expect(await storage.read(['self'], (tx) => tx.list('self'))).toEqual([])
      })

      using('a unit that waits for something else is told that its transaction is over', async (storage) => {
        const outcome = await storage
          .read(['self'], async (tx) => {
            await tx.get('self', 'self')
            await tx.over
            return tx.get('self', 'self')
          })
          .catch((error: Error) => error.name)
        expect(outcome).toEqual('UnitEndedError')
      })
    }
  })
}
