// In a real engine, with the real plugins as a web view without a phone has them: what they are called and answer with is what is expected.
import { App } from '@capacitor/app'
import { Network } from '@capacitor/network'
import { Preferences } from '@capacitor/preferences'
import { expect, it } from 'vitest'
import type { LifecycleEvent } from '../connection/hints.ts'
import { capacitorDevice } from './capacitor-device.ts'

it('the real plugins are heard, and answer', async () => {
  const { network, lifecycle, device } = capacitorDevice({ Network, App, Preferences })
  const events: LifecycleEvent[] = []
  let changes = 0
  const ends = [lifecycle.onChange((event) => events.push(event)), network.onChange(() => changes++)]
  const sees = (look: () => unknown, expected: unknown) => expect.poll(look, { timeout: 10_000 }).toEqual(expected)

  let isHidden = false
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden })
  const turn = (hidden: boolean) => {
    isHidden = hidden
    document.dispatchEvent(new Event('visibilitychange'))
  }
  // The plugins are loaded when they are first asked for; the web view itself says it is in front.
  await sees(() => {
    turn(true)
    return events.includes('hide')
  }, true)
  turn(false)
  turn(true)
  expect([events.at(-1), lifecycle.inFront()]).toEqual(['hide', false])
  turn(false)
  expect([events.at(-1), lifecycle.inFront()]).toEqual(['show', true])

  const { length } = events
  for (const end of ends) end()
  await sees(() => {
    const before = changes
    dispatchEvent(new Event('online'))
    turn(false)
    return [changes - before, events.length]
  }, [0, length])
  Reflect.deleteProperty(document, 'hidden')

  await device.remember('tidemark:test', '1')
  expect(await device.recall('tidemark:test')).toBe('1')
  await device.remember('tidemark:test')
  expect(await device.recall('tidemark:test')).toBe(null)
  expect(await device.persisted(false)).toBeTypeOf('boolean')
})

it('the network is what the real plugin says, event by event', async () => {
  const { network } = capacitorDevice({ Network, App })
  const kinds: string[] = []
  const end = network.onChange(() => kinds.push(network.kind()))
  const { connectionType } = await Network.getStatus()
  await expect
    .poll(
      () => {
        dispatchEvent(new Event('offline'))
        return kinds
      },
      { timeout: 10_000 },
    )
    .toContain('unknown')
  // Asked again, for there is a network after all.
  await expect.poll(() => network.kind()).toBe(connectionType)
  end()
})
