import type { TabPorts } from '../tabs/tabs.ts'

const { BroadcastChannel } = globalThis

/** Without it no tab hears of another. */
export const hasChannels: boolean = BroadcastChannel !== undefined

/** The tabs that share the replica of that name; undefined where the browser has no locks, or no channel between tabs. */
export function browserTabs(name: string): TabPorts | undefined {
  const locks = globalThis.navigator?.locks
  if (!locks || !hasChannels) return undefined
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
