// Goal: an app of Capacitor's reconnects whatever its plugins tell, and holds no socket in the background.
// Method: doubles that speak, are silent, lie, throw or speak late; the real machines of a replica in virtual time.
import type { AppPlugin as RealApp } from '@capacitor/app'
import type { NetworkPlugin as RealNetwork } from '@capacitor/network'
import type { PreferencesPlugin as RealPreferences } from '@capacitor/preferences'
import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import type { LifecycleEvent } from '../connection/hints.ts'
import { type SyncWorld, syncWorld } from '../testing/sync-world.ts'
import { type VirtualTime, virtualTime } from '../testing/virtual-time.ts'
import {
  ANSWER_WITHIN_MS,
  type AppPlugin,
  type CapacitorPlugins,
  capacitorDevice,
  NETWORK_AGAIN_MS,
  type NetworkPlugin,
  type PreferencesPlugin,
  STATE_AGAIN_MS,
} from './capacitor-device.ts'

const macrotask = () => new Promise<void>((resolve) => setImmediate(resolve))
const never = <T>() => new Promise<T>(() => {})

/** Plugins whose device is moved by hand. */
class Phone implements CapacitorPlugins {
  status = { connected: true, connectionType: 'wifi' }
  isActive = true
  asked = { status: 0, state: 0 }
  removed = 0
  /** In the place of an answer of `getStatus`. */
  answer: (() => Promise<typeof this.status>) | undefined
  readonly #listeners = new Map<string, Set<(told?: any) => void>>()
  readonly clock: VirtualTime

  constructor(clock: VirtualTime) {
    this.clock = clock
  }

  readonly #add = async (event: string, listener: (told?: any) => void) => {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    return {
      remove: async () => {
        this.removed++
        listeners.delete(listener)
      },
    }
  }
  Network: NetworkPlugin = {
    getStatus: async () => {
      this.asked.status++
      return this.answer ? this.answer() : this.status
    },
    addListener: this.#add,
  }
  App: AppPlugin = {
    getState: async () => {
      this.asked.state++
      return { isActive: this.isActive }
    },
    addListener: this.#add,
  }

  tell(event: string, told?: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(told)
  }
  heard(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }
  /** As iOS tells it; Android tells both in another order. */
  leave(): void {
    this.isActive = false
    this.tell('appStateChange', { isActive: false })
    this.tell('pause')
  }
  come(): void {
    this.isActive = true
    this.tell('resume')
    this.tell('appStateChange', { isActive: true })
  }
}

let time: VirtualTime
let phone: Phone
beforeEach(() => {
  time = virtualTime(macrotask)
  phone = new Phone(time)
})

/** Listens to all that the device tells. */
async function listening() {
  const { network, lifecycle } = capacitorDevice(phone)
  const events: LifecycleEvent[] = []
  const kinds: string[] = []
  const ends = [lifecycle.onChange((event) => events.push(event)), network.onChange(() => kinds.push(network.kind()))]
  await time.run(0)
  events.length = 0
  kinds.length = 0
  return { network, lifecycle, events, kinds, ends }
}

it('the real plugins fit', () => {
  expectTypeOf<RealNetwork>().toExtend<NetworkPlugin>()
  expectTypeOf<RealApp>().toExtend<AppPlugin>()
  expectTypeOf<RealPreferences>().toExtend<PreferencesPlugin>()
})

describe('what the plugins tell', () => {
  it('to the background and back: hide, and show; what is told of a hidden app on top brings nothing back', async () => {
    const { lifecycle, events } = await listening()
    phone.leave()
    phone.tell('appStateChange', { isActive: false })
    expect(events).toEqual(['back', 'hide'])
    expect(lifecycle.inFront()).toBe(false)
    phone.come()
    expect(events).toEqual(['back', 'hide', 'show', 'show'])
    expect(lifecycle.inFront()).toBe(true)
  })

  it('a call or a question over the app is no background: the socket stays', async () => {
    const { events } = await listening()
    phone.tell('appStateChange', { isActive: false })
    phone.tell('appStateChange', { isActive: true })
    expect(events).toEqual(['back', 'show'])
  })

  it('the network is known from the start, and each change of it is told', async () => {
    const { network, kinds } = await listening()
    expect(network.kind()).toBe('wifi')
    phone.tell('networkStatusChange', { connected: true, connectionType: 'cellular' })
    phone.tell('networkStatusChange', { connected: false, connectionType: 'none' })
    phone.tell('networkStatusChange', undefined)
    expect(kinds).toEqual(['cellular', 'unknown', 'unknown'])
  })

  it('with the last listener here the plugins are listened to no more, and nothing is asked', async () => {
    const { ends, events } = await listening()
    expect(phone.heard()).toBe(4)
    phone.tell('networkStatusChange', { connected: false, connectionType: 'none' })
    for (const end of ends) end()
    for (const end of ends) end()
    await time.run(0)
    expect([phone.heard(), phone.removed]).toEqual([0, 4])
    const { status } = phone.asked
    await time.run(10 * STATE_AGAIN_MS)
    expect(phone.asked).toEqual({ status, state: 0 })
    const again = await listening()
    phone.come()
    expect([events, again.events]).toEqual([[], ['show', 'show']])
  })

  it('an answer that comes after the end leads to nothing', async () => {
    const { ends, kinds } = await listening()
    phone.answer = () => new Promise((resolve) => time.after(1_000, () => resolve({ connected: false, connectionType: 'none' })))
    phone.tell('resume')
    for (const end of ends) end()
    await time.run(1_000)
    const { status } = phone.asked
    await time.run(10 * NETWORK_AGAIN_MS)
    expect([phone.asked.status, kinds]).toEqual([status, []])
  })
})

describe('plugins that do not do what they should', () => {
  it('coming to the front reads the network anew, whatever was told before', async () => {
    const { network, kinds } = await listening()
    phone.leave()
    phone.status = { connected: true, connectionType: 'cellular' }
    phone.come()
    await time.run(0)
    expect(network.kind()).toBe('cellular')
    expect(kinds).toEqual(['cellular'])
  })

  it('a network that is said to be gone is asked for until it is back, although no event tells so', async () => {
    const { network, kinds } = await listening()
    phone.status = { connected: false, connectionType: 'none' }
    phone.tell('networkStatusChange', phone.status)
    await time.run(5 * NETWORK_AGAIN_MS)
    expect(kinds).toEqual(['unknown'])
    phone.status = { connected: true, connectionType: 'wifi' }
    await time.run(NETWORK_AGAIN_MS)
    expect(kinds).toEqual(['unknown', 'wifi'])
    const { status } = phone.asked
    await time.run(100 * NETWORK_AGAIN_MS)
    expect([phone.asked.status, network.kind()]).toEqual([status, 'wifi'])
  })

  it('an app that is in front again without a word is found out', async () => {
    const { events } = await listening()
    phone.leave()
    await time.run(3 * STATE_AGAIN_MS)
    expect(events).toEqual(['back', 'hide'])
    phone.isActive = true
    await time.run(STATE_AGAIN_MS)
    expect(events).toEqual(['back', 'hide', 'show'])
    const { state } = phone.asked
    await time.run(100 * STATE_AGAIN_MS)
    expect(phone.asked.state).toBe(state)
  })

  it('an answer that comes late does not undo what was told since', async () => {
    const { network } = await listening()
    phone.answer = () => new Promise((resolve) => time.after(1_000, () => resolve({ connected: true, connectionType: 'wifi' })))
    phone.tell('resume')
    await time.run(500)
    phone.tell('networkStatusChange', { connected: true, connectionType: 'cellular' })
    await time.run(2_000)
    expect(network.kind()).toBe('cellular')
  })

  it('one that never answers is given up, and tried again at the next return', async () => {
    const { kinds, network } = await listening()
    phone.answer = never
    phone.come()
    await time.run(ANSWER_WITHIN_MS)
    expect(kinds).toEqual(['wifi'])
    phone.answer = undefined
    phone.status = { connected: true, connectionType: 'cellular' }
    phone.come()
    await time.run(0)
    expect(network.kind()).toBe('cellular')
  })

  it('one that is not there on this device changes nothing, and ends without an error', async () => {
    const fail = () => {
      throw new Error('"Network" plugin is not implemented on ios')
    }
    phone.Network = { getStatus: fail, addListener: async () => fail() }
    phone.App = { getState: fail, addListener: fail }
    const { network, lifecycle, ends } = await listening()
    expect([network.kind(), lifecycle.inFront()]).toEqual(['unknown', true])
    for (const end of ends) end()
    await time.run(STATE_AGAIN_MS)
  })
})

describe('a replica on such a phone', () => {
  let world: SyncWorld
  async function onPhone(): Promise<void> {
    world = await syncWorld(macrotask)
    phone = new Phone(world.time)
    const { network, lifecycle } = capacitorDevice(phone)
    network.onChange(() => world.listeners.network())
    lifecycle.onChange((event) => world.listeners.life(event))
    world.sync.want('room:1')
    await world.time.run(5_000)
    expect(world.phase()).toBe('live')
  }

  it('closes its socket in the background, and is live within 2 s of coming back, with what it missed', async () => {
    await onPhone()
    phone.leave()
    expect(world.phase()).toBe('offline')
    world.server.commit('room:1')
    world.time.sleep(3_600_000)
    await world.time.run(1_000)
    expect(world.phase()).toBe('offline')
    phone.come()
    await world.time.run(2_000)
    expect(world.phase()).toBe('live')
    world.atHead('room:1')
  })

  for (const [liar, lie] of Object.entries({
    'a plugin that never speaks': () => {
      phone.answer = never
    },
    'a plugin that says for ever that there is no network': () => {
      phone.answer = async () => ({ connected: false, connectionType: 'none' })
      phone.tell('networkStatusChange', { connected: false, connectionType: 'none' })
    },
    'a plugin that throws': () => {
      phone.answer = () => Promise.reject(new Error('not now'))
    },
  }))
    it(`${liar} keeps nobody offline`, async () => {
      await onPhone()
      lie()
      phone.leave()
      await world.time.run(120_000)
      phone.come()
      await world.time.run(2_000)
      expect(world.phase()).toBe('live')
    })
})

describe('texts that outlive the database', () => {
  it('are kept by Preferences', async () => {
    const kept = new Map<string, string>()
    const { device } = capacitorDevice({
      ...phone,
      Preferences: {
        get: async ({ key }) => ({ value: kept.get(key) ?? null }),
        set: async ({ key, value }) => void kept.set(key, value),
        remove: async ({ key }) => void kept.delete(key),
      },
    })
    expect(await device.recall('a')).toBe(null)
    await device.remember('a', '1')
    expect(await device.recall('a')).toBe('1')
    await device.remember('a')
    expect(kept.size).toBe(0)
  })
})
