import { openReplica } from '@tidemark/client'
import { createSyncServer, memoryChangelog, serve } from '@tidemark/server'
import { type Clock, collection, defineApp, space } from '@tidemark/shared'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import * as v from 'valibot'
import { expect, it } from 'vitest'
import { eventually } from './both-ends.ts'

// The real client on an IndexedDB in memory, the real server, real sockets; the server's clock jumps.

const ROOM = 'room:lobby'

/** One app at both ends, whose mutator has a bug that shows only where it meets the server's data. */
const appWith = (bug: () => void) =>
  defineApp({
    version: '1',
    spaces: {
      room: space({
        collections: { notes: collection(v.object({ text: v.string() })) },
        mutators: {
          async write(tx, { id, text }: { id: string; text: string }) {
            await tx.notes.create(id, { text })
            if (text === 'poison') bug()
          },
        },
      }),
    },
  })

it('[M7] what a device wrote after a mutation that always throws flows once that is given up, which the person is told', async () => {
  let aheadMs = 0
  const clock: Clock = {
    nowMs: () => Date.now() + aheadMs,
    monotonicMs: () => performance.now(),
    after(ms, task) {
      const timer = setTimeout(task, ms)
      return () => clearTimeout(timer)
    },
  }
  const throwing = appWith(() => {
    throw new Error('a bug that shows on the server alone')
  })
  const server = createSyncServer({
    app: throwing,
    changelog: memoryChangelog(),
    authenticate: async (user) => ({ tenant: 'default', user, expiresAtMs: undefined }),
    access: { room: () => 'write' },
    clock,
  })
  const { port, close } = await serve(server, { port: 0 })
  const app = appWith(() => {})
  const alice = await openReplica({
    app,
    url: `http://localhost:${port}`,
    user: 'alice',
    token: () => 'alice',
    indexedDB: new IDBFactory(),
    IDBKeyRange,
  })
  let status: { blocked?: { code: string } | undefined; pending: number; refused: number } = { pending: 0, refused: 0 }
  const watching = alice.status$.subscribe((value) => {
    status = value
  })
  try {
    const room = alice.space(ROOM)
    const poison = await room.mutate.write({ id: 'a', text: 'poison' })
    const refusal = poison.confirmed.then(
      () => undefined,
      (error: unknown) => error,
    )
    const behind = await room.mutate.write({ id: 'b', text: 'fine' })
    for (let time = 1; time <= 4; time++) {
      await eventually(`it failed ${time} times`, () => status.blocked?.code === 'internal')
      expect(status).toMatchObject({ pending: 2, refused: 0 })
      // Who comes back tries at once.
      alice.pause()
      aheadMs += 150_000
      await eventually('it is away', () => status.blocked === undefined)
      alice.resume()
    }
    await behind.confirmed
    expect(await refusal).toMatchObject({ code: 'rejected', message: expect.stringContaining('given up') })
    await eventually('it stands among the refused', () => status.refused === 1 && status.pending === 0)
    let refused: readonly { name: string; args: unknown }[] = []
    alice.rejected$.subscribe((list) => (refused = list)).unsubscribe()
    expect(refused).toMatchObject([{ name: 'write', args: { id: 'a', text: 'poison' } }])
    expect(await alice.audit()).toMatchObject({ created: 2, confirmed: 1, refused: 1, pending: 0 })
    await eventually('only what was done is shown', async () => (await room.notes.toArray()).length === 1)
  } finally {
    watching.unsubscribe()
    await alice.close()
    await close()
  }
})
