import type { TabPorts } from '../tabs/tabs.ts'

/** The tabs that share the replica of that name; undefined where the browser has no locks, or no channel between tabs. */
export function browserTabs(name: string): TabPorts | undefined {
  const { BroadcastChannel } = globalThis
  const locks = globalThis.navigator?.locks
  if (!locks || !BroadcastChannel) return undefined
  return {
    name,
    locks,
    open(heard) {
      const channel = new BroadcastChannel(name)
      channel.onmessage = ({ data }) => heard(data)
      return { post: (text) => channel.postMessage(text), close: () => channel.close() }
    },
  }
}
