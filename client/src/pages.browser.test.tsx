// The components on the pages of the project, as they stand there, over a real replica in a real engine: React's guide, and the recipes for
// Vue and Svelte. Their modules come from the pages by tests/docs/page-modules.ts.
import type { App } from '@tidemark/shared'
import type { ReactNode } from 'react'
import { flushSync, mount, unmount } from 'svelte'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Component, createApp } from 'vue'
import { NO_HINTS } from './connection/hints.ts'
import { openReplica } from './open-replica.ts'
import { systemClock } from './platform/system-clock.ts'
import type { Replica, Sent, Space, Status } from './replica-api.ts'
import { fakeServer } from './testing/fake-server.ts'
import { mounted } from './testing/mounted.ts'
import { seededRandom } from './testing/seeded-random.ts'

/** How often it is looked, in ms. */
const QUICK = { interval: 5 }
const server = fakeServer(systemClock, seededRandom(1))
let replica: Replica<App>
/** Follows nothing by itself: it is closed again at once. */
let room: Pick<Space<App, string>, 'close'> & { readonly mutate: { send(args: { id: string; text: string }): Promise<Sent> } }
let place: HTMLElement
let end = () => {}

/** What a page has by that name. */
const from = (page: string) => import(/* @vite-ignore */ `/@id/page:${page}`)

beforeEach(async () => {
  const { app } = await from('guides/react.md/app.ts')
  replica = await openReplica({
    app,
    url: 'http://localhost',
    user: 'alice',
    name: crypto.randomUUID(),
    token: () => 'good',
    transport: server.transport,
    network: NO_HINTS,
    lifecycle: NO_HINTS,
  })
  // The server of this page has no documents: what is written stays pending.
  replica.pause()
  room = replica.space('room:42') as unknown as typeof room
  room.close()
  Object.assign(globalThis, { given: { replica, room } })
  place = document.body.appendChild(document.createElement('div'))
})
afterEach(async () => {
  end()
  end = () => {}
  place.remove()
  await replica.close()
})

const shows = (selector: string, text: string) => expect.poll(() => place.querySelector(selector)?.textContent?.trim(), QUICK).toBe(text)
const send = (id: string, text: string) => room.mutate.send({ id, text })
const click = (text: string) => [...place.querySelectorAll('button')].find(({ textContent }) => textContent === text)?.click()
/** As a person types: React hears of it by the element's own setter. */
function type(text: string): void {
  const input = place.querySelector('input') as HTMLInputElement
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text)
  input.dispatchEvent(new Event('input', { bubbles: true }))
}
function followed(): string {
  let spaces = ''
  replica.status$.subscribe((status: Status) => {
    spaces = Object.keys(status.spaces).join()
  })
  return spaces
}

it("the page of React's guide reads, writes, suspends, and says what is pending and refused", async () => {
  const { page } = (await from('guides/react.md/page.tsx')) as { page: ReactNode }
  end = mounted(place, page).end
  await shows('[role=status]', 'offline, never synced, 0 on the way')
  await shows('ol', '')
  await shows('main > p', 'Nothing yet')
  type('hi')
  await expect.poll(() => place.querySelector('input')?.value, QUICK).toBe('hi')
  click('Send')
  await shows('li', 'hi (on its way)')
  await shows('main > p', 'Last: hi')
  await shows('output', 'pending')
  await shows('[role=status]', 'offline, never synced, 1 on the way')
  expect(place.querySelector('input')?.value).toBe('')
  server.refuses = () => ({ code: 'rejected', message: 'not now' })
  replica.resume()
  await shows('output', 'not now')
  await shows('ol', '')
  await shows('header > p:last-child', 'not now Try again Discard')
  click('Discard')
  await shows('header > p:last-child', 'live, never synced, 0 on the way')
})

it('the recipe for Vue shows documents and what is pending, asks anew where state changes, and ends with its component', async () => {
  const { default: Messages } = (await from('recipes/vue.md/Messages.vue')) as { default: Component }
  await send('m1', 'apple')
  const app = createApp(Messages)
  app.mount(place)
  end = () => app.unmount()
  await shows('ol', 'apple (on its way)')
  await expect.poll(followed, QUICK).toBe('room:42')
  await send('m2', 'banana')
  await shows('ol', 'apple (on its way)banana (on its way)')
  type('b')
  await shows('ol', 'banana (on its way)')
  type('')
  click('Say hi')
  await shows('li:last-child', 'hi (on its way)')
  await shows('output', '3 pending')
  end()
  await expect.poll(followed, QUICK).toBe('')
  await send('m3', 'cherry')
  expect(place.textContent).toBe('')
})

it('the recipes for Svelte do the same, as stores and as runes', async () => {
  const [{ default: Messages }, { default: Search }] = await Promise.all([
    from('recipes/svelte.md/Messages.svelte'),
    from('recipes/svelte.md/Search.svelte'),
  ])
  await send('m1', 'apple')
  const parts = [mount(Messages, { target: place }), mount(Search, { target: place })]
  end = () => {
    for (const part of parts.splice(0)) void unmount(part)
  }
  flushSync()
  await shows('ol', 'apple (on its way)')
  await shows('p', 'apple')
  await expect.poll(followed, QUICK).toBe('room:42')
  await send('m2', 'banana')
  await shows('ol', 'apple (on its way)banana (on its way)')
  await shows('p', 'apple, banana')
  type('b')
  await shows('p', 'banana')
  click('Say hi')
  await shows('li:last-child', 'hi (on its way)')
  await shows('output', '3 pending')
  end()
  await expect.poll(followed, QUICK).toBe('')
})
