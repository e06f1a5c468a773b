import { fileURLToPath } from 'node:url'
import { build } from 'vite'

/** Global setup of the browser tests: the demo app as `npm start` builds it, once a run. */
export async function setup(): Promise<void> {
  const root = fileURLToPath(new URL('../../demo-app', import.meta.url))
  // The test runner says `test`, for which React would be bundled in its development form.
  const before = process.env.NODE_ENV
  process.env.NODE_ENV = 'production'
  try {
    await build({ root, logLevel: 'warn' })
  } finally {
    if (before === undefined) delete process.env.NODE_ENV
    else process.env.NODE_ENV = before
  }
}
