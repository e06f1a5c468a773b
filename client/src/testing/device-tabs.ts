import type { TabPorts } from '../tabs/tabs.ts'

/** Locks and words between the tabs of one device, as a browser has them, and what goes wrong with them. */
export interface DeviceTabs {
  /** `run` runs what comes in from outside in that tab: later where it is frozen, never once it is dead. */
  tab(run: (work: () => void) => void): DeviceTab
  /** Locks that are asked for never come. */
  stuck: boolean
  /** Whether the next word gets lost. */
  loses: () => boolean
  /** Takes the lock from whoever holds it, and believes to hold it until `tell` tells all that were robbed. */
  rob(): void
  tell(): void
}

export interface DeviceTab {
  readonly ports: TabPorts
  /** The tab dies: the browser takes back what it held. */
  die(): void
}

interface Request {
  readonly tab: object
  readonly grant: () => void
  /** It is over: told to its tab. */
  readonly fail: () => void
}

export function deviceTabs(): DeviceTabs {
  let holder: Request | undefined
  let queue: Request[] = []
  const robbed: Request[] = []
  const channels = new Map<object, (text: string) => void>()

  function next(): void {
    if (holder) return
    holder = queue.shift()
    holder?.grant()
  }
  function drop(request: Request): void {
    queue = queue.filter((other) => other !== request)
    if (holder === request) holder = undefined
    next()
  }
  const device: DeviceTabs = {
    stuck: false,
    loses: () => false,
    rob() {
      if (!holder) return
      robbed.push(holder)
      drop(holder)
    },
    tell() {
      for (const { fail } of robbed.splice(0)) fail()
    },
    tab(run) {
      const tab = {}
      return {
        ports: {
          name: 'replica',
          locks: {
            request: (_, { signal, steal }, held) =>
              new Promise((resolve, reject) => {
                if (device.stuck) return
                const request: Request = {
                  tab,
                  fail: () => run(() => reject(new DOMException('it was taken', 'AbortError'))),
                  grant: () =>
                    run(() => {
                      const end = () => {
                        drop(request)
                        resolve()
                      }
                      held().then(end, end)
                    }),
                }
                signal?.addEventListener('abort', () => {
                  if (holder === request) return
                  drop(request)
                  request.fail()
                })
                if (steal) {
                  const before = holder
                  holder = request
                  before?.fail()
                  request.grant()
                } else {
                  queue.push(request)
                  next()
                }
              }),
          },
          open(heard) {
            const key = {}
            channels.set(key, (text) => void Promise.resolve().then(() => run(() => channels.has(key) && heard(text))))
            return {
              post(text) {
                for (const [other, deliver] of channels) if (other !== key && !device.loses()) deliver(text)
              },
              close: () => void channels.delete(key),
            }
          },
        },
        die() {
          for (const request of queue.filter((request) => request.tab === tab)) drop(request)
          if (holder?.tab === tab) drop(holder)
        },
      }
    },
  }
  return device
}
