import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

const folder = fileURLToPath(new URL('./artefacts/', import.meta.url))

/** The page as it stands, into artefacts/, for the eye; where there is time. */
export async function pictured(page: Page, name: string): Promise<void> {
  if (process.env.CI === undefined) return
  await mkdir(folder, { recursive: true })
  await page.screenshot({ path: `${folder}${name}.png` })
}
