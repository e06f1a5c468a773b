import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { HOST, STAGE } from '../../demo-app/live.ts'
import { spoken } from '../../scripts/crowd/texts.ts'
import { http, type WireAnswer, WireOutbox } from '../harness/wire-peer.ts'

/** A live show on the demo's stage, as its host and its crowd make it from elsewhere, over HTTP. */
export class Show {
  readonly #url: string
  readonly #outboxes = new Map<string, WireOutbox>()
  #saying: Promise<void> | undefined
  #isOver = false

  constructor(url: string) {
    this.#url = new URL(url).origin
  }

  /** A mutation, the host's where nobody else is named. Fails where it is refused. */
  async mutate(space: string, name: string, args: object, user: string = HOST): Promise<void> {
    const outbox = this.#outboxes.get(user) ?? new WireOutbox()
    this.#outboxes.set(user, outbox)
    const { body } = await http<WireAnswer>(this.#url, user, '/v1/mutations', { body: outbox.batch(outbox.next(space, name, args)) })
    expect(body.acks[0]?.error).toBeUndefined()
  }

  async say(user: string, body: object): Promise<void> {
    const { status } = await http(this.#url, user, `/v1/spaces/${STAGE}/lanes/danmu`, { body: { body } })
    expect(status).toBe(200)
  }

  /** So many users, one after the other, each a comment, until `end`. */
  speak(users: number, everyMs: number): void {
    const say = async () => {
      let seed = 7
      const chance = () => {
        seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32
        return seed / 2 ** 32
      }
      for (let at = 0; !this.#isOver; at++) {
        const { text, color } = spoken(chance)
        await this.say(`crowd-${at % users}`, { text, color })
        await new Promise((resolve) => setTimeout(resolve, everyMs))
      }
    }
    this.#saying = say()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#saying
  }
}

/** From signing in to the stage, as a person goes. */
export async function goOnStage(page: Page, url: string, user: string): Promise<void> {
  await page.goto(url)
  await page.getByRole('textbox').fill(user)
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /^(Live stage|直播现场)/ }).click()
  await page.getByTestId('on').waitFor()
}
