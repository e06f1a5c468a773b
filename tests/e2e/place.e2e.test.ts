// Goal: a room of many messages stays usable: the newest come first, and a reader keeps their place whatever comes in above or below.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { devToken } from '../harness/server-process.ts'
import { ChatPage } from './chat-page.ts'
import { openStage, type Stage } from './stage.ts'

const MESSAGES = 700
const BATCH = 100

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
  const token = await devToken(new URL(stage.url).origin, 'bob')
  const client = `c_${randomBytes(16).toString('base64url')}`
  let on = ''
  for (let made = 0; made < MESSAGES; made += BATCH) {
    const mutations = Array.from({ length: BATCH }, (_, index) => {
      const n = made + index + 1
      const args = { id: `m${n}`, text: `Sounding ${n}: ${(n % 90) / 10} m` }
      return { n, nonce: randomBytes(8).toString('hex'), space: 'room:log', name: 'send', args, madeMs: Date.now() }
    })
    await fetch(`${stage.url}v1/mutations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ client, on, mutations }),
    })
    on = mutations.at(-1)?.nonce ?? ''
  }
})
afterAll(async () => await stage?.close())

describe('a room of many messages', () => {
  it('shows the newest first, earlier ones on demand, and keeps the place of its reader', async () => {
    const chat = new ChatPage((await stage.device()).page, stage.url)
    await chat.signIn('alice')
    await chat.join('log')
    await chat.sees(async () => (await chat.texts()).at(-1), `Sounding ${MESSAGES}: 7 m`)
    await chat.sees(async () => (await chat.texts()).length, 200)

    const scroller = chat.page.getByRole('log', { name: 'Messages' })
    await scroller.evaluate((element) => {
      element.scrollTop = 0
    })
    const inSight = chat.page.locator('[data-id="m501"]')
    await inSight.waitFor()
    const top = async () => Math.round((await inSight.boundingBox())?.y ?? Number.NaN)
    const before = await top()
    await chat.page.getByRole('button', { name: 'Show earlier' }).click()
    await chat.sees(async () => (await chat.texts()).length, 400)
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(2)

    const bob = new ChatPage((await stage.device()).page, stage.url)
    await bob.signIn('carol')
    await bob.join('log')
    await bob.say('Slack water now')
    await bob.say('平潮了')
    const pill = chat.page.getByRole('button', { name: '2 new messages' })
    await pill.waitFor()
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(2)
    await pill.click()
    await chat.message('平潮了').waitFor()
    await chat.sees(async () => await pill.count(), 0)
    await chat.sees(async () => (await chat.texts()).length, 200)
  })
})
