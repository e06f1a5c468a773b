// `useLiveQuery` of dexie-react-hooks over a replica's tables, and `useQuery` beside it, in a real engine. The other tab is a worker: it shares nothing with this
// page but the database and the channels of the browser.
import type { App } from '@tidemark/shared'
import { useLiveQuery } from 'dexie-react-hooks'
import { afterEach, expect, it } from 'vitest'
import { NO_HINTS } from '../connection/hints.ts'
import { openReplica } from '../open-replica.ts'
import { useQuery } from '../react.ts'
import type { Replica } from '../replica-api.ts'
import { chatApp } from '../testing/chat-app.ts'
import { drawn, type Mounted, mounted } from '../testing/mounted.ts'

/** How often it is looked, in ms. */
const QUICK = { interval: 5 }

const NO_SERVER = { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) }
const open = (name: string) =>
  openReplica({
    app: chatApp,
    url: 'http://localhost',
    user: 'alice',
    name,
    token: () => 'good',
    transport: NO_SERVER,
    network: NO_HINTS,
    lifecycle: NO_HINTS,
  })
const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
/** The same, in a worker that sends what it is told to. */
const OTHER_TAB = `
  import { NO_HINTS } from ${at('../connection/hints.ts')}
  import { openReplica } from ${at('../open-replica.ts')}
  import { chatApp } from ${at('../testing/chat-app.ts')}
  const NO_SERVER = { connect: () => ({ send() {}, close() {} }), request: () => Promise.reject(new Error('no network')) }
  // Vitest's, by which it loads what is imported later; a worker has none.
  globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() }
  onunhandledrejection = ({ reason }) => postMessage(String(reason))
  let replica
  onmessage = async ({ data: { name, id, text } }) => {
    replica ??= await openReplica({
      app: chatApp, url: 'http://localhost', user: 'alice', name, token: () => 'good',
      transport: NO_SERVER, network: NO_HINTS, lifecycle: NO_HINTS,
    })
    await replica.space('room:1').mutate.send({ id, text })
  }`

let end = async () => {}
afterEach(() => end())

it('useLiveQuery on replicated tables, and useQuery, see own commits and those of another tab, and nothing of other spaces', async () => {
  const name = crypto.randomUUID()
  const replica = (await open(name)) as Replica<App>
  const [one, two] = [replica.space('room:1') as any, replica.space('room:2') as any]
  let reads = 0
  function Texts() {
    const messages: { text: string }[] | undefined = useLiveQuery(() => {
      reads++
      return one.messages.orderBy('$b').toArray()
    })
    const all = useLiveQuery(() => replica.table('room', 'messages').count())
    const { docs } = useQuery<{ text: string }>(one.messages)
    const textsOf = (rows: readonly { text: string }[]) => rows.map(({ text }) => text).join(' ')
    return messages ? `${textsOf(messages)} of ${all}, ${textsOf(docs)}` : 'loading'
  }
  const page: Mounted = mounted(document.body.appendChild(document.createElement('div')), <Texts />)
  const source = URL.createObjectURL(new Blob([OTHER_TAB], { type: 'text/javascript' }))
  const otherTab = new Worker(source, { type: 'module' })
  end = async () => {
    page.end()
    otherTab.terminate()
    URL.revokeObjectURL(source)
    await replica.close()
  }
  const failed = new Promise<never>((_, reject) => {
    otherTab.onerror = ({ message }) => reject(new Error(message))
    otherTab.onmessage = ({ data }) => reject(new Error(data))
  })
  const shows = (text: string) => Promise.race([expect.poll(page.text, { ...QUICK, timeout: 20_000 }).toBe(text), failed])

  await shows(' of 0, ')
  await one.mutate.send({ id: 'm1', text: 'mine' })
  await shows('mine of 1, mine')
  otherTab.postMessage({ name, id: 'm2', text: 'theirs' })
  await shows('mine theirs of 2, mine theirs')
  await one.mutate.edit({ id: 'm2', text: 'ours' })
  await shows('mine ours of 2, mine ours')
  otherTab.postMessage({ name, id: 'm3', text: 'more' })
  await shows('mine ours more of 3, mine ours more')
  const before = reads
  await two.mutate.send({ id: 'm4', text: 'elsewhere' })
  await shows('mine ours more of 4, mine ours more')
  await drawn()
  expect(reads).toBe(before)
})
