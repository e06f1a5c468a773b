// Runs in the browser: a list that is watched, here or in another tab, while one of its documents changes at a time.

import {
  chatApp,
  createReplicaCore,
  dexieStorage,
  dexieTables,
  message,
  openWatches,
  type ReplicaCore,
  rangeOf,
  seededRandom,
  watchedScope,
} from '@tidemark/client/testing'
import { UnavailableError } from '@tidemark/shared'
import { liveQuery } from 'dexie'

/** `nobody`: what the commits cost by themselves. */
export type How = 'watch' | 'liveQuery' | 'nobody'

export interface WatchPage {
  /** Opens the replica of this browser, with so many documents. */
  open(documents: number): Promise<void>
  /** Resolves with the length of the first result. */
  listen(how: How): Promise<number>
  /** Changes documents one after the other, each once the one before was told in the page that listens; `version` is the first one's. Resolves with how many were told. */
  change(version: number, count: number, awaited: boolean): Promise<number>
  end(): void
}

const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms: number, task: () => void) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
}
const channel = new BroadcastChannel('bench')
/** The text that was seen changed: to this page and the others. */
let seen = (_text: string) => {}
channel.onmessage = ({ data }) => seen(data)
function tell(text: string): void {
  seen(text)
  channel.postMessage(text)
}

let core: ReplicaCore
/** Documents in the list. */
let present = 0
let listen: WatchPage['listen']
let end = () => {}

const watchPage: WatchPage = {
  async open(documents) {
    const storage = dexieStorage({ name: 'watched', app: chatApp, clock })
    core = await createReplicaCore({ app: chatApp, storage, clock, random: seededRandom(Date.now()), user: 'reader' })
    present = documents
    // Nothing is done where they are there.
    await core.apply(
      rangeOf(
        0,
        documents,
        Array.from({ length: documents }, (_, at) => message(at + 1, `m${at}`, `text ${at}`)),
      ),
    )
    const tables = dexieTables(storage, core).scope('room:1', 'messages')
    const watches = openWatches({ ...core, read: storage.read, clock, closedError: () => new UnavailableError('closed') })
    const messages = watchedScope(watches, 'room:1', 'messages', tables)
    listen = (how) =>
      new Promise((resolve, reject) => {
        if (how === 'nobody') return resolve(0)
        let before: readonly unknown[] | undefined
        const take = (docs: readonly unknown[]) => {
          resolve(docs.length)
          before ??= docs
        }
        if (how === 'watch') {
          const watch = messages.orderBy('sentAtMs' as never, 'desc').watch({
            onChange({ docs, docChanges, type }) {
              take(docs)
              if (!type) for (const { doc } of docChanges) tell((doc as unknown as { text: string }).text)
            },
            onError: reject,
          })
          end = watch.close
        } else {
          // Which one changed is found by whoever wants to know it, by version; that is not much of the cost.
          let newest = 0
          const subscription = liveQuery(() => tables.orderBy('sentAtMs').reverse().toArray()).subscribe({
            next(rows) {
              const isFirst = before === undefined
              take(rows)
              const changed = rows.filter(({ $v }) => $v > newest) as unknown as { text: string; $v: number }[]
              newest = changed.reduce((newest, { $v }) => Math.max(newest, $v), newest)
              if (!isFirst) for (const { text } of changed) tell(text)
            },
            error: reject,
          })
          end = () => subscription.unsubscribe()
        }
      })
  },
  listen: (how) => listen(how),
  async change(version, count, awaited) {
    let told = 0
    for (let at = version; at < version + count; at++) {
      const text = `changed by ${at}`
      const isTold = new Promise<void>((resolve) => {
        seen = (seenText) => {
          if (seenText === text) resolve()
        }
      })
      const change = { v: at, c: 'messages', id: `m${(at * 7919) % present}`, set: { text } }
      await core.apply(rangeOf(at - 1, at, [change as never]))
      if (!awaited) continue
      await isTold
      told++
    }
    return told
  },
  end() {
    end()
    end = () => {}
  },
}

Object.assign(globalThis, { watchPage })
