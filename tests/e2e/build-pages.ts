import { fileURLToPath } from 'node:url'
import { buildForProduction } from './build-page.ts'

/** Global setup of the browser tests: the demo app and the console as `npm start` builds them, once a run. */
export async function setup(): Promise<void> {
  for (const page of ['demo-app', 'console'])
    await buildForProduction({ root: fileURLToPath(new URL(`../../${page}`, import.meta.url)), logLevel: 'warn' })
}
