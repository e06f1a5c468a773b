import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

const POLL = { timeout: 30_000, interval: 50 }

/** The console as a person uses it. */
export class ConsolePage {
  readonly page: Page
  readonly url: string

  constructor(page: Page, url: string) {
    this.page = page
    this.url = url
  }

  /** By the development sign-in of the server. */
  async signIn(user: string): Promise<void> {
    await this.page.goto(`${this.url}console`)
    await this.page.getByLabel('Your name').fill(user)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
  }

  async open(title: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: title, exact: false }).click()
    await this.page.getByRole('heading', { level: 1, name: title }).waitFor()
  }

  async isLive(): Promise<void> {
    await this.sees(async () => await this.page.getByTestId('water-line').getAttribute('data-phase'), 'live')
  }

  async openLane(space: string, lane: string): Promise<void> {
    await this.page.goto(`${this.url}console#/lanes/${space}/${lane}`)
    await this.page.getByRole('heading', { name: `${space} ${lane}` }).waitFor()
  }

  /** What is said in the lane that is looked at, the newest first. */
  item(text: string): Locator {
    return this.page.getByTestId('item').filter({ hasText: text })
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name })
  }

  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text })
  }

  async sees<T>(look: () => Promise<T>, expected: T): Promise<void> {
    await expect.poll(look, POLL).toEqual(expected)
  }
}
