import { type Clock, within } from '@tidemark/shared'
import type { Lifecycle, LifecycleEvent, Network, NetworkKind } from '../connection/hints.ts'
import type { Device } from '../device.ts'
import { browserDevice } from './browser-device.ts'
import { browserNetwork, kindOfNetwork, pageLifecycle } from './page-hints.ts'
import { systemClock } from './system-clock.ts'

/** How long a plugin may take to answer, in ms. */
export const ANSWER_WITHIN_MS = 3_000
/** How often a device that says that it has no network is asked whether that is still so, in ms. Nothing waits for the answer. */
export const NETWORK_AGAIN_MS = 10_000
/** How often an app that was told to be in the background is asked whether it still is, in ms, where it is let run there. */
export const STATE_AGAIN_MS = 60_000

/** What `addListener` of a plugin resolves with. */
export interface PluginListener {
  remove(): Promise<void>
}

/** What is needed of `Network` from `@capacitor/network`. */
export interface NetworkPlugin {
  getStatus(): Promise<{ readonly connected: boolean; readonly connectionType: string }>
  addListener(
    event: 'networkStatusChange',
    listener: (status: { readonly connected: boolean; readonly connectionType: string }) => void,
  ): Promise<PluginListener>
}

/** What is needed of `App` from `@capacitor/app`. */
export interface AppPlugin {
  getState(): Promise<{ readonly isActive: boolean }>
  addListener(event: 'appStateChange', listener: (state: { readonly isActive: boolean }) => void): Promise<PluginListener>
  addListener(event: 'pause', listener: () => void): Promise<PluginListener>
  addListener(event: 'resume', listener: () => void): Promise<PluginListener>
}

/** What is needed of `Preferences` from `@capacitor/preferences`. */
export interface PreferencesPlugin {
  get(options: { key: string }): Promise<{ readonly value: string | null }>
  set(options: { key: string; value: string }): Promise<void>
  remove(options: { key: string }): Promise<void>
}

export interface CapacitorPlugins {
  readonly Network: NetworkPlugin
  readonly App: AppPlugin
  /** Survives where the system clears the storage of a web view; without it localStorage is used. */
  readonly Preferences?: PreferencesPlugin | undefined
  readonly clock?: Clock | undefined
}

/** Options of `openReplica`. */
export interface CapacitorDevice {
  readonly network: Network
  readonly lifecycle: Lifecycle
  readonly device: Device
}

type Status = Awaited<ReturnType<NetworkPlugin['getStatus']>>

/**
 * A phone behind Capacitor's plugins: `openReplica({ ...options, ...capacitorDevice({ Network, App, Preferences }) })`. In the
 * background the socket is closed, because a phone ends it without a word (ionic-team/cordova-plugin-wkwebview-engine#104).
 *
 * Plugins are distrusted: their events come late, twice or never (ionic-team/capacitor#2216, #1492, capacitor-plugins#1655). So the
 * web view's own events count as well, each return to the front reads anew, and what they say is a hint, never a gate. Whatever
 * throws, rejects or stays silent counts as not there.
 */
export function capacitorDevice({ Network, App, Preferences, clock = systemClock }: CapacitorPlugins): CapacitorDevice {
  const changes = new Set<() => void>()
  const lives = new Set<(event: LifecycleEvent) => void>()
  let kind: NetworkKind = 'unknown'
  let isConnected = true
  let isInFront = pageLifecycle.inFront()
  /** In the background: what is told of a page that is hidden comes on top. */
  let isAside = false
  /** The last question about the network, or what was told since: an answer to an older one is old. */
  let newest = 0
  let end = () => {}

  /** The answer of a plugin; undefined where it has none. */
  async function ask<T>(question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await within(clock, ANSWER_WITHIN_MS, question(), Error)
    } catch {
      return undefined
    }
  }
  function start(): () => void {
    let isOver = false
    let cancel = () => {}
    isAside = false
    isInFront = pageLifecycle.inFront()

    /** Asks again later where what is known may be wrong without a further event. */
    const again = () => {
      cancel()
      if (isAside) cancel = clock.after(STATE_AGAIN_MS, () => void readState())
      else if (!isConnected) cancel = clock.after(NETWORK_AGAIN_MS, () => void readNetwork(false))
    }
    const live = (event: LifecycleEvent) => {
      if (isOver || (event === 'back' && isAside)) return
      isAside = event === 'hide'
      isInFront = event === 'show' || event === 'touch'
      again()
      for (const listener of lives) listener(event)
      if (event === 'show') void readNetwork(true)
    }
    const change = (status: Status | undefined, isTold: boolean) => {
      newest++
      if (isOver) return
      const before = `${kind} ${isConnected}`
      isConnected = status?.connected ?? isConnected
      if (status) kind = kindOfNetwork(status.connectionType)
      again()
      if (isTold || before !== `${kind} ${isConnected}`) for (const listener of changes) listener()
    }
    async function readNetwork(isTold: boolean): Promise<void> {
      const asked = ++newest
      const status = await ask(() => Network.getStatus())
      if (asked === newest) change(status, isTold)
    }
    async function readState(): Promise<void> {
      const state = await ask(() => App.getState())
      if (isAside && state?.isActive) live('show')
      else again()
    }

    const endings = [
      pageLifecycle.onChange(live),
      browserNetwork.onChange(() => void readNetwork(true)),
      listen(() => Network.addListener('networkStatusChange', (status) => change(status, true))),
      listen(() => App.addListener('pause', () => live('hide'))),
      listen(() => App.addListener('resume', () => live('show'))),
      listen(() => App.addListener('appStateChange', (state) => live(state?.isActive ? 'show' : 'back'))),
    ]
    void readNetwork(false)
    return () => {
      isOver = true
      cancel()
      for (const end of endings) end()
    }
  }

  /** The plugins are listened to while anybody listens here. */
  const join = <T>(listeners: Set<T>, listener: T): (() => void) => {
    const isFirst = changes.size + lives.size === 0
    listeners.add(listener)
    if (isFirst) end = start()
    return () => {
      if (listeners.delete(listener) && changes.size + lives.size === 0) end()
    }
  }
  return {
    network: { kind: () => kind, onChange: (listener) => join(changes, listener) },
    lifecycle: { inFront: () => isInFront, onChange: (listener) => join(lives, listener) },
    device: Preferences ? { ...preferencesDevice(Preferences), persisted: browserDevice.persisted } : browserDevice,
  }
}

function preferencesDevice(preferences: PreferencesPlugin): Pick<Device, 'recall' | 'remember'> {
  return {
    recall: async (key) => (await preferences.get({ key })).value,
    remember: (key, value) => (value === undefined ? preferences.remove({ key }) : preferences.set({ key, value })),
  }
}

/** Never throws: a plugin that is missing in the app tells nothing. The returned function ends it. */
function listen(add: () => Promise<PluginListener>): () => void {
  const added = (async () => add())()
  added.catch(() => {})
  return () => void added.then((listener) => listener.remove()).catch(() => {})
}
