import { fileURLToPath } from 'node:url'
import { buildForProduction } from './build-page.ts'

/** Global setup of the browser tests: the demo app as `npm start` builds it, once a run. */
export async function setup(): Promise<void> {
  await buildForProduction({ root: fileURLToPath(new URL('../../demo-app', import.meta.url)), logLevel: 'warn' })
}
