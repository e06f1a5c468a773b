// In Node, as a server renders a page: every hook gives what stands while loading, and nothing is opened.
import { Writable } from 'node:stream'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { afterEach, expect, it, vi } from 'vitest'
import { NO_HINTS } from '../connection/hints.ts'
import { openReplica } from '../open-replica.ts'
import { hooksFor, useDocument, useQuery, useStatus } from '../react.ts'
import { memoryStorage } from '../replica/memory-storage.ts'
import type { Replica, Space } from '../replica-api.ts'
import { chatApp } from '../testing/chat-app.ts'
import { fakeServer } from '../testing/fake-server.ts'
import { handClock } from '../testing/hand-clock.ts'
import { seededRandom } from '../testing/seeded-random.ts'
import { SERVED_HTML, ServedPage, servedReplica } from '../testing/served-page.tsx'

/** Without what development builds add to where an error was. */
const rendered = (page: Parameters<typeof renderToString>[0]) => renderToString(page).replace(/<template [^>]*>/, '<template>')
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

let end = async () => {}
afterEach(() => end())

it('a server renders what stands while loading, and the fallback of what suspends; it opens and subscribes to nothing', () => {
  const { replica, messages, newest, held, subscriptions } = servedReplica('served')
  expect(rendered(<ServedPage replica={replica} />)).toBe(SERVED_HTML)
  expect([messages.opened, newest.opened, subscriptions(), held.size]).toEqual([0, 0, 0, 0])
})

it('a server that streams ends with the fallback, and hears why', async () => {
  const { replica, newest } = servedReplica('streamed')
  const errors: string[] = []
  const html = await new Promise<string>((resolve) => {
    const chunks: string[] = []
    const sink = new Writable({
      write(chunk, _, done) {
        chunks.push(String(chunk))
        done()
      },
      final(done) {
        resolve(chunks.join(''))
        done()
      },
    })
    const { pipe } = renderToPipeableStream(<ServedPage replica={replica} />, { onError: (error) => void errors.push(String(error)) })
    pipe(sink)
  })
  expect(html).toContain('<p>waiting</p>')
  expect(errors).toEqual([expect.stringMatching(/^UnavailableError: .*<Suspense>/)])
  expect(newest.opened).toBe(0)
})

it('a server without a replica renders the fallback of the provider', () => {
  expect(rendered(<ServedPage replica={undefined} />)).toBe('<p>opening</p>')
})

it('of a real replica no space is followed and no documents are read', async () => {
  const clock = handClock()
  const storage = memoryStorage()
  const read = vi.spyOn(storage, 'read')
  const reads = () => read.mock.calls.filter(([tables]) => tables.some((table) => table.startsWith('room_'))).length
  const { transport } = fakeServer(clock, seededRandom(1))
  const hints = { network: NO_HINTS, lifecycle: NO_HINTS }
  const options = {
    app: chatApp,
    url: 'http://localhost',
    user: 'alice',
    token: () => 'good',
    transport,
    clock,
    storage,
    ...hints,
  }
  const replica: Replica<typeof chatApp> = await openReplica(options)
  end = replica.close
  const room = replica.space('room:1')
  await room.mutate.put({ c: 'messages', id: 'm1', doc: { text: 'hi', author: 'alice', sentAtMs: 1 } })
  room.close()
  await settle()
  read.mockClear()
  const { ReplicaProvider, useSpace } = hooksFor<typeof chatApp>()
  function Page() {
    const room: Space<typeof chatApp, string> = useSpace('room:1')
    const { docs, isLoading } = useQuery(room.messages)
    const { doc } = useDocument(room.messages?.doc('m1'))
    return <p>{[docs.length, isLoading, doc ? 'there' : 'none', useStatus(({ phase }) => phase)].join(' ')}</p>
  }
  const page = (
    <ReplicaProvider replica={replica}>
      <Page />
    </ReplicaProvider>
  )
  expect(rendered(page)).toBe('<p>0 true none connecting</p>')
  await settle()
  const spaces: string[] = []
  replica.status$.subscribe((status) => spaces.push(...Object.keys(status.spaces)))
  expect([spaces, reads()]).toEqual([[], 0])
  // The same questions, asked where they are answered.
  await replica.space('room:1').messages?.doc('m1').get()
  expect(reads()).toBe(1)
})
