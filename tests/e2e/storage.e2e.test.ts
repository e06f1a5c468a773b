// Goal: a device that has no room, or loses what it kept, says so in words, loses nothing by itself, and goes on by itself. Method: a real
// Chromium whose quota is taken away and whose IndexedDB is cleared, with the page open and closed.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CDPSession, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../browser/find-chromium.ts'
import { isAccessible } from './accessible.ts'
import { ChatPage } from './chat-page.ts'
import { pictured } from './pictured.ts'
import { sendAs } from './send-as.ts'
import { openStage, type Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(async () => await stage?.close())

async function arrive(user: string, room: string, quotaBytes?: number) {
  const { page, context } = await stage.device({ viewport: { width: 375, height: 812 }, reducedMotion: 'reduce' })
  const chat = new ChatPage(page, stage.url)
  const browser: CDPSession = await context.newCDPSession(page)
  const origin = new URL(stage.url).origin
  // From the beginning: Chromium remembers for 30 s how much room it found.
  if (quotaBytes !== undefined) await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: quotaBytes })
  await chat.signIn(user)
  await chat.join(room)
  await chat.isLive()
  return {
    page,
    chat,
    sentence: () => page.getByTestId('sentence').textContent(),
    /** Ends with one byte of quota, at which rows can still be deleted: making room relies on it. */
    async fill() {
      await page.evaluate(fillUp)
      await browser.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
    },
    makeRoom: () => browser.send('Storage.overrideQuotaForOrigin', { origin }),
    clear: () => browser.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' }),
    async look(name: string) {
      await pictured(page, `${name}-phone`)
      await isAccessible(page)
    },
  }
}

/** Deletes a row of what `fillUp` wrote. Runs in the page. */
function deleteRow(): Promise<boolean> {
  return new Promise((resolve) => {
    const request = indexedDB.open('ballast')
    request.onsuccess = () => {
      const tx = request.result.transaction('rows', 'readwrite')
      tx.objectStore('rows').delete(1)
      tx.oncomplete = () => resolve(true)
      tx.onabort = () => resolve(false)
      request.result.close()
    }
  })
}

/** Writes to another database of this page until not even a few bytes find room. Runs in the page. */
async function fillUp(): Promise<void> {
  const db = await new Promise<IDBDatabase>((resolve) => {
    const request = indexedDB.open('ballast')
    request.onupgradeneeded = () => request.result.createObjectStore('rows', { autoIncrement: true })
    request.onsuccess = () => resolve(request.result)
  })
  const put = (bytes: number) =>
    new Promise<boolean>((resolve) => {
      const tx = db.transaction('rows', 'readwrite')
      tx.objectStore('rows').add(crypto.getRandomValues(new Uint8Array(bytes)))
      tx.oncomplete = () => resolve(true)
      tx.onabort = () => resolve(false)
    })
  for (let bytes = 65_536; bytes >= 16; bytes /= 2) while (await put(bytes)) {}
  db.close()
}

describe('a device without room', () => {
  it('says so, keeps what it has, saves nothing new, and goes on by itself when there is room', async () => {
    const { page, chat, sentence, fill, makeRoom, look } = await arrive('alice', 'hold', 20_000_000)
    await chat.say('While there was room')
    await chat.becomes('While there was room', 'confirmed')
    await fill()
    await sendAs(stage.url, 'bob', 'room:hold', 'This one finds no room')
    await chat.sees(sentence, 'This device is full: nothing new can be kept until there is room. What was kept before stays.')
    await chat.composer.fill('Nor does this')
    await chat.composer.press('Enter')
    await page.getByText(/^Not saved: This device is full/).waitFor()
    await look('state-full')
    expect(await chat.texts()).toEqual(['While there was room'])
    expect(await page.evaluate(deleteRow)).toBe(true)
    await makeRoom()
    await chat.becomes('This one finds no room', 'confirmed')
    await chat.sees(sentence, 'Up to date.')
    await chat.composer.press('Enter')
    await chat.becomes('Nor does this', 'confirmed')
  })
})

describe('a device that cleared what it kept', () => {
  it('says so at once where the page is open, and after a reload what was lost, until that was seen', async () => {
    const { page, chat, sentence, clear, look } = await arrive('carol', 'shoal')
    await chat.say('This one arrived')
    await chat.becomes('This one arrived', 'confirmed')
    await chat.switchOnline(false)
    await chat.say('One')
    await chat.say('Two')
    await clear()
    await chat.composer.fill('Three')
    await chat.composer.press('Enter')
    await page.getByText(/^Not saved: What was kept here was cleared/).waitFor()
    await chat.sees(sentence, 'What was kept here was cleared while the page was open. Reload the page.')
    await look('state-cleared')

    await page.goto(stage.url)
    const notice = page.getByRole('region', { name: 'Lost on this device' })
    await notice.getByText('With it went up to 2 changes that had not reached the server.').waitFor()
    await look('state-lost')
    await page.reload()
    await notice.getByRole('button', { name: 'Understood' }).click()
    await notice.waitFor({ state: 'detached' })
    await page.reload()
    await chat.switchOnline(true)
    await page.getByRole('link', { name: /shoal/ }).click()
    await chat.becomes('This one arrived', 'confirmed')
    expect([await notice.count(), await chat.texts()]).toEqual([0, ['This one arrived']])
  })

  it('says so at the next start where the page was closed; what the server had comes again, and nothing is deleted there', async () => {
    const { page, chat, clear } = await arrive('dave', 'bar')
    await chat.say('Arrived')
    await chat.becomes('Arrived', 'confirmed')
    await chat.switchOnline(false)
    await chat.say('Not sent')
    await page.goto('about:blank')
    await clear()
    await page.goto(stage.url)
    await page.getByRole('region', { name: 'Lost on this device' }).getByText('With it went 1 change that').waitFor()
    await chat.switchOnline(true)
    await page.getByRole('link', { name: /bar/ }).click()
    await chat.becomes('Arrived', 'confirmed')
    expect(await chat.texts()).toEqual(['Arrived'])
  })

  it('in pages that may store nothing this browser throws what a replica knows as: no storage here', async () => {
    const { page } = await stage.device()
    await page.goto('data:text/html,a page of no origin')
    const thrown = await page.evaluate(() => {
      try {
        return typeof indexedDB.open('any')
      } catch (error) {
        return (error as Error).name
      }
    })
    expect(thrown).toBe('SecurityError')
  })
})

/** Which files are damaged, and what becomes of it: Chromium begins anew without a word, or opens no database of this origin any more. */
const DAMAGE = [
  { file: '.log', told: 'With it went up to 2 changes that had not reached the server.' },
  { file: 'CURRENT', told: 'The storage of this device fails again and again.' },
]

describe('a browser whose files were damaged between two runs', () => {
  it.each(process.env.CI === undefined ? DAMAGE.slice(0, 1) : DAMAGE)('says what is true of it ($file)', async ({ file, told }) => {
    const profile = await mkdtemp(join(tmpdir(), 'tidemark-damaged-'))
    onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))
    const run = async (visit: (chat: ChatPage) => Promise<void>) => {
      const context = await chromium.launchPersistentContext(profile, { executablePath: await findChromium(), args: CHROMIUM_ARGS })
      try {
        await visit(new ChatPage(context.pages()[0] ?? (await context.newPage()), stage.url))
      } finally {
        await context.close()
      }
    }
    await run(async (chat) => {
      await chat.signIn('erin')
      await chat.join('wreck')
      await chat.isLive()
      await chat.switchOnline(false)
      await chat.say('One')
      await chat.say('Two')
    })
    for (const { name, parentPath } of await readdir(join(profile, 'Default/IndexedDB'), { recursive: true, withFileTypes: true })) {
      if (!name.endsWith(file)) continue
      const bytes = await readFile(join(parentPath, name))
      await writeFile(
        join(parentPath, name),
        bytes.map((byte, at) => (at % 7 === 0 ? byte ^ 0x5a : byte)),
      )
    }
    await run(async (chat) => {
      await chat.page.goto(stage.url)
      await chat.page.getByText(told).waitFor()
    })
  })
})
