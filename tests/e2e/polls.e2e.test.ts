// Goal: the whole chat works where WebSockets do not get through, and nobody can tell. Method: the real browser in front of the real
// server, all that one page loads and says through a proxy that takes `Upgrade` out of every request.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type TcpProxy, tcpProxy } from '../harness/tcp-proxy.ts'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
let proxy: TcpProxy
beforeAll(async () => {
  stage = await openStage()
  proxy = await tcpProxy(stage.url)
  proxy.faults = { answers: 'strips upgrades' }
})
afterAll(async () => {
  await proxy?.close()
  await stage?.close()
})

async function arrive(user: string, url: string) {
  const { context, page } = await stage.device()
  const requests: string[] = []
  const sockets: string[] = []
  page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`))
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => sockets.push(String(payload))))
  const chat = new ChatPage(page, url)
  await chat.signIn(user)
  await chat.join('lobby')
  await chat.isLive()
  return { context, chat, requests, sockets }
}

it('[B10] behind a proxy that never upgrades the chat is live, works without a network, and goes over to a WebSocket once one gets through', async () => {
  const { chat: alice, context, requests, sockets } = await arrive('alice', `${proxy.url}/`)
  const { chat: bob } = await arrive('bob', stage.url)
  await alice.say('Is the lock open?')
  await bob.becomes('Is the lock open?', 'confirmed')
  await bob.say('开了，九点前都可以过。')
  await alice.becomes('开了，九点前都可以过。', 'confirmed')
  await alice.becomes('Is the lock open?', 'confirmed')

  await context.setOffline(true)
  await alice.say('written on the water')
  await alice.becomes('written on the water', 'pending')
  await context.setOffline(false)
  await bob.becomes('written on the water', 'confirmed')
  for (const chat of [alice, bob]) {
    await chat.showsTexts(['Is the lock open?', '开了，九点前都可以过。', 'written on the water'])
    await chat.sees(async () => await chat.waterLine.getAttribute('data-version'), '3')
    await chat.sees(async () => await chat.waterLine.getAttribute('data-pending'), '0')
    await chat.isLive()
  }
  expect(requests).toContain('POST /v1/poll')
  expect(requests).toContain('POST /v1/mutations')
  expect(sockets).toEqual([])

  proxy.faults = {}
  await alice.page.evaluate(() => window.dispatchEvent(new Event('online')))
  // That of the trial, and that of the connection.
  await alice.sees(async () => sockets.filter((text) => text.startsWith('{"t":"welcome"')).length, 2)
  await alice.say('over a socket')
  await bob.becomes('over a socket', 'confirmed')
  expect(sockets.some((text) => text.startsWith('{"t":"ack"'))).toBe(true)
})
