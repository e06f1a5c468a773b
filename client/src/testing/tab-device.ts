import { connect } from '../connected.ts'
import { fixedBeat } from '../connection/beat-policy.ts'
import { type LifecycleEvent, NO_HINTS } from '../connection/hints.ts'
import { createReplica } from '../create-replica.ts'
import { plainTables } from '../plain-tables.ts'
import { type MemoryStorage, memoryStorage } from '../replica/memory-storage.ts'
import type { Older, Replica, Sent, Status } from '../replica-api.ts'
import { chatApp } from './chat-app.ts'
import { type DeviceTabs, deviceTabs } from './device-tabs.ts'
import { type FakeServer, fakeServer } from './fake-server.ts'
import { seededRandom } from './seeded-random.ts'
import { type VirtualTime, virtualTime } from './virtual-time.ts'

/** The space that a tab has open. */
export type TabRoom = {
  readonly mutate: { send(args: object): Promise<Sent> }
  readonly messages: { older(how: object): Promise<Older>; toArray(): Promise<{ readonly $id: string }[]> }
  close(): void
}

/** A page of the app. */
export interface Tab {
  readonly replica: Replica<typeof chatApp>
  readonly status: () => Status
  readonly room: TabRoom
  /** Sockets that it has open. */
  readonly sockets: () => number
  freeze(): void
  thaw(): void
  /** Without a word. */
  die(): Promise<void>
  life(event: LifecycleEvent): void
}

/** Tabs of one user on one device: real replicas on one storage in memory, over a server of numbers alone, in virtual time. */
export interface TabDevice {
  readonly time: VirtualTime
  readonly server: FakeServer
  readonly shared: DeviceTabs
  readonly storage: MemoryStorage
  open(options?: { readonly alone?: boolean; readonly hidden?: boolean; readonly spaces?: readonly string[] }): Promise<Tab>
  sockets(): number
  /** Closes all that are open. */
  close(): Promise<void>
}

/** `settle` lets all promises run that can, such as a macrotask of the real event loop. */
export function tabDevice(settle: () => Promise<void>, seed = 1): TabDevice {
  const time = virtualTime(settle)
  const random = seededRandom(seed)
  const server = fakeServer(time, random)
  const shared = deviceTabs()
  const storage = memoryStorage()
  const all: Tab[] = []
  const toClose: Replica<typeof chatApp>[] = []
  return {
    time,
    server,
    shared,
    storage,
    sockets: () => all.reduce((sum, tab) => sum + tab.sockets(), 0),
    async open({ alone = false, hidden = false, spaces = ['room:1'] } = {}) {
      let frozen: (() => void)[] | undefined
      let isDead = false
      let isHidden = hidden
      let listener = (_: LifecycleEvent) => {}
      const sockets = new Set<object>()
      const run = (work: () => void) => {
        if (isDead) return
        if (frozen) frozen.push(work)
        else work()
      }
      const own = shared.tab(run)
      const handle = storage.reopen()
      const replica = await createReplica({
        connect,
        app: chatApp,
        user: 'alice',
        token: () => 'good',
        storage: handle,
        durable: true,
        tables: (shown) => plainTables(storage, shown),
        tabs: alone ? undefined : own.ports,
        transport: {
          connect(events) {
            const socket = server.transport.connect({
              opened: () => run(events.opened),
              frame: (text) => run(() => events.frame(text)),
              closed: (code) => {
                sockets.delete(socket)
                run(() => events.closed(code))
              },
            })
            sockets.add(socket)
            return {
              send: (text) => socket.send(text),
              close() {
                sockets.delete(socket)
                socket.close()
              },
            }
          },
          request: server.transport.request,
        },
        clock: { ...time, after: (ms, task) => time.after(ms, () => run(task)) },
        random: seededRandom(all.length + seed),
        lifecycle: {
          inFront: () => !isHidden,
          onChange(told) {
            const before = listener
            listener = (event) => {
              before(event)
              told(event)
            }
            return () => {}
          },
        },
        network: NO_HINTS,
        beat: fixedBeat,
      })
      let status: Status | undefined
      replica.status$.subscribe((told) => {
        status = told
      })
      for (const space of spaces.slice(1)) replica.space(space as 'room:1')
      const tab: Tab = {
        replica,
        status: () => status as Status,
        room: replica.space((spaces[0] ?? 'room:1') as 'room:1') as unknown as TabRoom,
        sockets: () => sockets.size,
        freeze() {
          frozen = []
        },
        thaw() {
          const waiting = frozen ?? []
          frozen = undefined
          for (const work of waiting) run(work)
        },
        async die() {
          isDead = true
          handle.crash()
          own.die()
          server.cut()
          sockets.clear()
        },
        life(event) {
          isHidden = event === 'back' || event === 'hide'
          listener(event)
        },
      }
      all.push(tab)
      if (!alone) toClose.push(replica)
      await time.run(500)
      return tab
    },
    async close() {
      for (const replica of toClose.splice(0)) await replica.close()
    },
  }
}
