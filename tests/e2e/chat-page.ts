import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const POLL = { timeout: 30_000, interval: 50 }

/** The demo as a person uses it. */
export class ChatPage {
  readonly page: Page
  readonly url: string

  constructor(page: Page, url: string) {
    this.page = page
    this.url = url
  }

  async signOut(): Promise<void> {
    // A tab behind another one draws once a second.
    await this.page.bringToFront()
    await this.openSettings()
    await this.page.getByRole('button', { name: 'Sign out' }).click()
    await this.page.getByLabel('Your name').waitFor()
  }

  async openSettings(): Promise<void> {
    await this.page.getByRole('button', { name: /, Settings$|，设置$|, 设置$/ }).click()
  }

  async signIn(user: string): Promise<void> {
    await this.page.bringToFront()
    await this.page.goto(this.url)
    await this.page.getByLabel('Your name').fill(user)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
    await this.page.getByRole('navigation', { name: 'Rooms' }).or(this.page.getByRole('alert')).waitFor()
  }

  async join(room: string): Promise<void> {
    if (room === 'lobby') {
      await this.page.getByRole('button', { name: 'Join lobby' }).click()
    } else {
      await this.page.getByLabel('Name of a room').fill(room)
      await this.page.getByRole('button', { name: 'Join', exact: true }).click()
    }
    await this.composer.waitFor()
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to / })
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text)
    await this.composer.press('Enter')
    await this.message(text).first().waitFor()
  }

  message(text: string): Locator {
    return this.page.getByTestId('message').filter({ has: this.page.getByText(text, { exact: true }) })
  }

  /** A room in the list. */
  row(room: string): Locator {
    return this.page
      .getByRole('navigation')
      .getByRole('link')
      .filter({ has: this.page.getByText(room, { exact: true }) })
  }

  /** The names of the list, top to bottom. */
  async rooms(): Promise<string[]> {
    return await this.page.locator('.room-list-title').allTextContents()
  }

  /** What the list says is unread in a room; undefined where it says nothing. */
  async unread(room: string): Promise<string | undefined> {
    const [counted] = await this.row(room).getByTestId('unread').locator('[aria-hidden]').allInnerTexts()
    return counted
  }

  get waterLine(): Locator {
    return this.page.getByTestId('water-line')
  }

  /** The app's own switch; the one that is on screen at this width. */
  async switchOnline(online: boolean): Promise<void> {
    await this.page.bringToFront()
    const knob = this.page.getByRole('switch', { name: 'Online' })
    if ((await knob.getAttribute('aria-checked')) !== String(online)) await knob.click()
    await this.sees(async () => await knob.getAttribute('aria-checked'), String(online))
  }

  async isLive(): Promise<void> {
    await this.sees(async () => await this.waterLine.getAttribute('data-phase'), 'live')
  }

  /** All texts of the list, top to bottom. */
  async texts(): Promise<string[]> {
    return await this.page.locator('.message-bubble').allTextContents()
  }

  /** The state of the one message with this text: there must be exactly one. */
  async state(text: string): Promise<string | null> {
    const all = this.message(text)
    const count = await all.count()
    return count === 1 ? await all.getAttribute('data-state') : `${count} messages`
  }

  async becomes(text: string, state: 'pending' | 'confirmed' | 'refused'): Promise<void> {
    await this.sees(async () => await this.state(text), state)
  }

  async showsTexts(texts: readonly string[]): Promise<void> {
    await this.sees(async () => await this.texts(), texts)
  }

  async sees<T>(look: () => Promise<T>, expected: T): Promise<void> {
    await expect.poll(look, POLL).toEqual(expected)
  }

  /** Resolves once the page would load without a network. */
  async isKeptForOffline(): Promise<void> {
    const kept = await this.page.evaluate(
      async (withinMs) =>
        await Promise.race([
          navigator.serviceWorker.ready.then(() => true),
          new Promise<boolean>((resolve) => setTimeout(() => resolve(false), withinMs)),
        ]),
      POLL.timeout,
    )
    expect(kept).toBe(true)
  }
}
