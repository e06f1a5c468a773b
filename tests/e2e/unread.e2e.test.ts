// Goal: what is unread is told everywhere and written nowhere but in the reader's own marker, which moves with the reader's eyes.
// Method: two people, and two devices of one of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pullAll } from '../harness/wire-peer.ts'
import { ChatPage } from './chat-page.ts'
import { sendAllAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

async function arrive(user: string, rooms: readonly string[]): Promise<ChatPage> {
  const chat = new ChatPage((await stage.device()).page, stage.url)
  await chat.signIn(user)
  for (const room of rooms) await chat.join(room)
  return chat
}

const say = (room: string, texts: readonly string[]) =>
  sendAllAs(
    stage.url,
    'bob',
    `room:${room}`,
    texts.map((text) => ({ text })),
  )
/** The user's own space as the server has it. */
const ownSpace = async (user: string) => (await pullAll(new URL(stage.url).origin, user, `user:${user}`)).copy
const marker = async (user: string, room: string) => (await ownSpace(user)).docs.get(`chats/${room}`)?.doc
const version = async (user: string) => (await ownSpace(user)).version

describe('unread messages', () => {
  it('are counted beside the last one, the latest room first, and are read on all devices of their reader once they are seen on one', async () => {
    const desk = await arrive('alice', ['quay', 'mole'])
    const phone = await arrive('alice', [])
    await phone.row('quay').waitFor()
    await say('quay', ['The crane is free.', '吊车空出来了。'])
    for (const device of [desk, phone]) {
      await device.sees(async () => await device.unread('quay'), '2')
      await device.sees(async () => await device.rooms(), ['quay', 'mole'])
      await device.row('quay').filter({ hasText: 'bob: 吊车空出来了。' }).waitFor()
    }
    await desk.sees(async () => await desk.page.title(), '(2) mole · Tidemark')

    await desk.row('quay').click()
    await desk.message('吊车空出来了。').waitFor()
    for (const device of [desk, phone]) await device.sees(async () => await device.unread('quay'), undefined)
    await desk.sees(async () => await desk.page.title(), 'quay · Tidemark')
    await say('quay', ['Read as it comes.'])
    await desk.message('Read as it comes.').waitFor()
    await phone.row('quay').filter({ hasText: 'Read as it comes.' }).waitFor()
    await phone.sees(async () => await phone.unread('quay'), undefined)
    expect(await desk.unread('quay')).toBeUndefined()
  })

  it('stay unread while nobody sees them: in another room, above the end of a log, and one’s own never are', async () => {
    const reader = await arrive('carol', ['basin'])
    await say(
      'basin',
      Array.from({ length: 40 }, (_, index) => `Lock ${index + 1} is open`),
    )
    await reader.message('Lock 40 is open').waitFor()
    await reader.sees(async () => await reader.unread('basin'), undefined)

    await reader.page.getByRole('log').evaluate((log) => {
      log.scrollTop = 0
    })
    await reader.page.getByRole('button', { name: 'To the newest message' }).waitFor()
    await say('basin', ['Lock 41 is open'])
    await reader.sees(async () => await reader.unread('basin'), '1')
    await reader.page.getByRole('button', { name: '1 new message' }).click()
    await reader.sees(async () => await reader.unread('basin'), undefined)

    const other = await arrive('carol', [])
    await other.row('basin').click()
    await other.say('Mine, from the other device')
    await other.becomes('Mine, from the other device', 'confirmed')
    await reader.message('Mine, from the other device').waitFor()
    expect([await reader.unread('basin'), await other.unread('basin')]).toEqual([undefined, undefined])
  })

  it('are marked where they begin when a room is opened, and more than 99 are not counted on', async () => {
    const reader = await arrive('dora', ['shoal'])
    await say('shoal', ['Read before'])
    await reader.message('Read before').waitFor()
    await reader.sees(async () => (await marker('dora', 'shoal'))?.readTo, 1)
    await reader.join('deep')
    await say(
      'shoal',
      Array.from({ length: 100 }, (_, index) => `Sounding ${index + 1}`),
    )
    await reader.sees(async () => await reader.unread('shoal'), '99+')

    await reader.row('shoal').click()
    await reader.page.getByText('New', { exact: true }).waitFor()
    const first = reader.message('Sounding 1')
    const log = await reader.page.getByRole('log').boundingBox()
    const top = (await first.boundingBox())?.y ?? 0
    expect(top).toBeGreaterThan(log?.y ?? 0)
    expect(top).toBeLessThan((log?.y ?? 0) + 250)
    await reader.sees(async () => await reader.unread('shoal'), '99+')
    await reader.page.getByRole('button', { name: '100 new messages' }).click()
    await reader.sees(async () => await reader.unread('shoal'), undefined)
    await reader.sees(async () => (await marker('dora', 'shoal'))?.readTo, 101)
  })

  it('are read offline too, with one write for a burst, and the marker never goes back', async () => {
    const reader = await arrive('erik', ['sound'])
    await reader.join('strait')
    await say('sound', ['one', 'two', 'three'])
    await reader.sees(async () => await reader.unread('sound'), '3')
    await reader.switchOnline(false)
    await reader.row('sound').click()
    await reader.sees(async () => await reader.unread('sound'), undefined)
    expect((await marker('erik', 'sound'))?.readTo).toBeUndefined()
    const before = await version('erik')
    await reader.switchOnline(true)
    await reader.sees(async () => (await marker('erik', 'sound'))?.readTo, 3)
    expect(await version('erik')).toBe(before + 1)
  })
})
